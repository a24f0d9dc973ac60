//! Both versions side by side.

use super::{version_1, version_2};
use crate::content::runs;
use crate::make::{New, make};
use crate::node::{Content, Name, NodeId};
use crate::tree::Tree;
use linux::file::mode::{Actor, S_IFDIR, S_IFREG};
use service::{Start, State};

const ROOT: Actor<'static> = Actor {
    user: 0,
    group: 0,
    groups: &[],
};

fn fill<T: Tree>(tree: &mut T) -> NodeId {
    let new = New {
        mode: S_IFREG | 0o644,
        content: Content::EMPTY,
    };
    let node = make(tree, &ROOT, (NodeId::ROOT, b"name"), new, 5).unwrap();
    for index in 0..6 {
        let page = tree.pick(1)[0];
        tree.occupy(page);
        tree.put_page(node, index, page);
    }
    for index in [1, 2, 4] {
        let page = tree.take_page(node, index).unwrap();
        tree.release(page);
    }
    for page in [2, 5] {
        tree.free(page);
    }
    node
}

#[test]
fn all_facts_survive_both_ways() {
    let mut old = version_1::State::fresh(&Start::default());
    let node = fill(&mut old);
    let mut new = version_2::State::from(old);
    assert_eq!(State::check(&mut new), 0);
    assert_eq!(new.entry(NodeId::ROOT, b"name").unwrap().node, node);
    assert_eq!(new.pages(node, 0, 9), [(0, 1), (3, 4), (5, 6)]);
    assert_eq!(new.free_runs(), [(2, 1), (5, 1), (7, 0)]);
    assert_eq!(new.released(), [3]);
    new.free(3);
    assert_eq!(new.pick(4), [2, 3, 5, 7]);
    assert_eq!(State::check(&mut new), 0);
    let mut old = version_1::State::from(new);
    assert_eq!(old.pick(4), [2, 3, 5, 7]);
    assert_eq!(old.name_of(NodeId::ROOT, node).unwrap(), b"name");
    assert_eq!(State::check(&mut old), 0);
}

#[test]
fn both_versions_hand_out_the_same_pages() {
    let mut old = version_1::State::fresh(&Start::default());
    let mut new = version_2::State::fresh(&Start::default());
    assert_eq!(fill(&mut old), fill(&mut new));
    assert_eq!(old.free_runs(), new.free_runs());
    for page in [9, 2, 5, 8] {
        old.occupy(page);
        new.occupy(page);
        assert_eq!(old.free_runs(), new.free_runs());
        assert_eq!(old.pick(5), new.pick(5));
    }
    // The last ones are as if they had never been used: an import would find them so.
    for page in [8, 9] {
        old.release(page);
        new.release(page);
        old.free(page);
        new.free(page);
        assert_eq!(old.free_runs(), new.free_runs());
    }
    assert_eq!(old.free_runs(), [(7, 0)]);
}

fn damaged<T: Tree + State>() {
    let mut tree = T::fresh(&Start::default());
    let node = fill(&mut tree);
    let other = make(
        &mut tree,
        &ROOT,
        (NodeId::ROOT, b"other"),
        New {
            mode: S_IFREG,
            content: Content::EMPTY,
        },
        5,
    )
    .unwrap();
    // A page of two files, a name of nothing, a file without a name.
    tree.put_page(other, 0, 1);
    let lost = tree.entry(NodeId::ROOT, b"other").unwrap();
    let nothing = crate::node::Entry {
        node: NodeId(77),
        cookie: lost.cookie + 1,
    };
    tree.put_entry(NodeId::ROOT, b"nothing", nothing);
    assert_eq!(tree.check(), 2);
    assert_eq!(tree.entry(NodeId::ROOT, b"nothing"), None);
    assert_eq!(tree.page(other, 0), None);
    tree.take_entry(NodeId::ROOT, b"name");
    assert_eq!(tree.check(), 1);
    assert!(tree.node(node).is_none() && tree.node(other).is_some());
    assert_eq!(tree.page_count(), 0);
    assert_eq!(tree.check(), 0);
}

fn counters<T: Tree + State>() {
    let mut tree = T::fresh(&Start::default());
    let node = fill(&mut tree);
    let directory = New {
        mode: S_IFDIR | 0o755,
        content: Content::directory(NodeId::ROOT),
    };
    let inner = make(&mut tree, &ROOT, (NodeId::ROOT, b"inner"), directory, 5).unwrap();
    let right: Vec<_> = tree.nodes().map(|(id, of)| (id, of.clone())).collect();
    let second = crate::node::Entry {
        node: inner,
        cookie: 9,
    };
    // A directory in two places, and one in a file; counters that nothing has counted.
    tree.put_entry(inner, b"second", second);
    tree.put_entry(node, b"below", second);
    tree.change_node(node, |of| (of.links, of.opens) = (7, 1));
    tree.change_node(NodeId::ROOT, |of| {
        of.links = 0;
        of.content = Content::directory(NodeId::ROOT);
    });
    assert_eq!(tree.check(), 2);
    let now: Vec<_> = tree.nodes().map(|(id, of)| (id, of.clone())).collect();
    assert_eq!(now, right);
    assert_eq!(tree.check(), 0);
}

#[test]
fn counters_say_what_is_there() {
    counters::<version_1::State>();
    counters::<version_2::State>();
}

#[test]
fn what_contradicts_itself_is_dropped() {
    damaged::<version_1::State>();
    damaged::<version_2::State>();
}

#[test]
fn a_name_stands_once_in_a_directory() {
    let mut tree = version_2::State::fresh(&Start::default());
    let node = fill(&mut tree);
    let (name, at) = (Name(b"name"[..].into()), (NodeId::ROOT, 7));
    tree.order.insert(at, (name, node));
    assert_eq!(tree.check(), 1);
    assert_eq!(tree.listing(NodeId::ROOT, 0, 9).len(), 1);
    assert_eq!(tree.entry(NodeId::ROOT, b"name").unwrap().node, node);
    assert_eq!(tree.check(), 0);
}

#[test]
fn numbers_make_runs() {
    assert_eq!(
        runs(&[1, 2, 3, 7, 9, 10], 2),
        [(1, 2), (3, 1), (7, 1), (9, 2)]
    );
    assert!(runs(&[], 9).is_empty());
}
