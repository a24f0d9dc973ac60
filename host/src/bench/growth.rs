//! How costs grow with something else, as a picture and in words.

use super::figures::{Figure, Report};

/// Between the name of what is measured at several sizes and the size (`user/bench`).
const BETWEEN: &str = ": ";

/// Sizes, in the picture's units.
const PANEL: (f64, f64) = (300.0, 200.0);
const MARGIN: (f64, f64) = (52.0, 34.0);
const COLUMNS: usize = 3;
const TOP: f64 = 24.0;

const EVERNIX: &str = "#3b6ea5";
const LINUX: &str = "#d08a3c";

/// One thing that was measured at several sizes, in instructions.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What, and what grows.
    pub name: String,
    /// The size, and what it took in Evernix and in Linux.
    pub points: Vec<(f64, f64, f64)>,
}

impl Series {
    /// How many times the largest size takes what the smallest does: in Evernix, and in Linux.
    #[must_use]
    pub fn growth(&self) -> (f64, f64) {
        match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => (last.1 / first.1, last.2 / first.2),
            _ => (1.0, 1.0),
        }
    }
}

impl Report {
    /// What was measured at several sizes.
    #[must_use]
    pub fn series(&self) -> Vec<Series> {
        let mut all: Vec<Series> = Vec::new();
        for row in self.rows() {
            let size = row.name.rsplit_once(BETWEEN);
            let size = size.and_then(|(name, size)| Some((name, size.parse().ok()?)));
            let cost = |figure: &Figure| figure.median().filter(|cost| *cost > 0.0);
            let costs = cost(&row.evernix.instructions).zip(cost(&row.linux.instructions));
            let (Some((name, size)), Some((evernix, linux))) = (size, costs) else {
                continue;
            };
            let point = (size, evernix, linux);
            match all.iter_mut().find(|series| series.name == name) {
                Some(series) => series.points.push(point),
                None => all.push(Series {
                    name: name.to_owned(),
                    points: vec![point],
                }),
            }
        }
        all
    }

    /// How costs grow, a line for each (Markdown).
    #[must_use]
    pub fn growth_table(&self) -> String {
        let mut text =
            "| what grows | from | to | Evernix | Linux |\n| --- | ---: | ---: | ---: | ---: |\n"
                .to_owned();
        for series in self.series() {
            let (evernix, linux) = series.growth();
            let end = |point: Option<&(f64, f64, f64)>| point.map_or(0.0, |point| point.0);
            text.push_str(&format!(
                "| {} | {} | {} | {evernix:.2} x | {linux:.2} x |\n",
                series.name,
                end(series.points.first()),
                end(series.points.last()),
            ));
        }
        text
    }

    /// A panel for each, both scales logarithmic (SVG).
    #[must_use]
    pub fn growth_chart(&self) -> String {
        let all = self.series();
        let rows = all.len().div_ceil(COLUMNS);
        let (width, height) = (PANEL.0 * count(COLUMNS), TOP + PANEL.1 * count(rows));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"sans-serif\" font-size=\"11\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        let linux = format!("Linux {}", self.linux_release);
        text(&mut svg, (10.0, 16.0), "start", "instructions:");
        for (at, colour, name) in [(90.0, EVERNIX, "Evernix"), (160.0, LINUX, linux.as_str())] {
            svg.push_str(&format!(
                "<rect x=\"{at}\" y=\"8\" width=\"10\" height=\"10\" fill=\"{colour}\"/>\n"
            ));
            text(&mut svg, (at + 14.0, 17.0), "start", name);
        }
        for (at, series) in all.iter().enumerate() {
            let corner = (
                PANEL.0 * count(at % COLUMNS),
                TOP + PANEL.1 * count(at / COLUMNS),
            );
            panel(&mut svg, corner, series);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful")]
fn count(number: usize) -> f64 {
    number as f64
}

/// A logarithmic scale onto a range of the picture.
#[derive(Clone, Copy, Debug)]
struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    fn over(numbers: impl Iterator<Item = f64>, (start, end): (f64, f64)) -> Scale {
        let (from, to) = numbers.fold((f64::MAX, 1.0_f64), |(from, to), number| {
            (from.min(number), to.max(number))
        });
        Scale {
            from: from.min(to),
            // Not so near that noise looks like growth.
            to: to.max(2.0 * from.min(to)),
            start,
            end,
        }
    }

    fn place(self, number: f64) -> f64 {
        let share = (number / self.from).log10() / (self.to / self.from).log10();
        self.start + share * (self.end - self.start)
    }
}

fn panel(svg: &mut String, (x, y): (f64, f64), series: &Series) {
    let (left, right) = (x + MARGIN.0, x + PANEL.0 - 12.0);
    let (top, bottom) = (y + MARGIN.1, y + PANEL.1 - 24.0);
    let sizes = Scale::over(series.points.iter().map(|point| point.0), (left, right));
    let costs = series.points.iter().flat_map(|point| [point.1, point.2]);
    let costs = Scale::over(costs, (bottom, top));
    text(svg, (left, y + 22.0), "start", &series.name);
    let (width, height) = (right - left, bottom - top);
    svg.push_str(&format!(
        "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"none\" \
         stroke=\"#ccc\"/>\n"
    ));
    for cost in [costs.from, costs.to] {
        let at = (left - 4.0, costs.place(cost) + 4.0);
        text(svg, at, "end", &short(cost));
    }
    for (size, ..) in &series.points {
        let at = (sizes.place(*size), bottom + 14.0);
        text(svg, at, "middle", &size.to_string());
    }
    line(svg, EVERNIX, series, |point| {
        (sizes.place(point.0), costs.place(point.1))
    });
    line(svg, LINUX, series, |point| {
        (sizes.place(point.0), costs.place(point.2))
    });
}

fn line(
    svg: &mut String,
    colour: &str,
    series: &Series,
    place: impl Fn(&(f64, f64, f64)) -> (f64, f64),
) {
    let points: Vec<String> = series
        .points
        .iter()
        .map(|point| {
            let (x, y) = place(point);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    svg.push_str(&format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
        points.join(" ")
    ));
}

/// With a unit instead of long digits.
fn short(number: f64) -> String {
    match number {
        million if million >= 1e6 => format!("{:.1} M", million / 1e6),
        thousand if thousand >= 1e3 => format!("{:.1} k", thousand / 1e3),
        few => format!("{few:.0}"),
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, words: &str) {
    svg.push_str(&format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>\n"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Kind;
    use crate::bench::sample::Sample;

    fn report() -> Report {
        let mut report = Report::default();
        let text = |each: [u64; 3]| {
            let [one, two, three] = each;
            format!(
                "start\t1\t1\nx\t1\t7\t0\t0\nfork, MiB: 1\t2\t{one}\t0\t0\nfork, MiB: 4\t2\t{two}\t0\t0\nstat, folders: 9\t1\t{three}\t0\t0\n"
            )
        };
        let sample = |each| Sample::read(&text(each)).unwrap();
        report.evernix.add(Kind::Counted, sample([200, 300, 50]));
        report.linux.add(Kind::Counted, sample([100, 200, 10]));
        report
    }

    #[test]
    fn sizes_of_the_same_are_one_series() {
        let [fork, stat] = &report().series()[..] else {
            panic!("two series");
        };
        assert_eq!(
            (fork.name.as_str(), stat.name.as_str()),
            ("fork, MiB", "stat, folders")
        );
        assert_eq!(fork.points, [(1.0, 100.0, 50.0), (4.0, 150.0, 100.0)]);
        assert_eq!(fork.growth(), (1.5, 2.0));
        assert_eq!(stat.growth(), (1.0, 1.0));
    }

    #[test]
    fn each_series_has_a_row_and_a_panel() {
        let table = report().growth_table();
        assert!(
            table.contains("| fork, MiB | 1 | 4 | 1.50 x | 2.00 x |\n"),
            "{table}"
        );
        let chart = report().growth_chart();
        assert_eq!(chart.matches("<polyline").count(), 4);
        assert!(chart.contains(">150<") && !chart.contains("NaN"), "{chart}");
    }
}
