//! The ratios as a picture.

use super::figures::Report;

/// Sizes, in the picture's units.
const ROW: f64 = 22.0;
const BAR: f64 = 8.0;
const TOP: f64 = 48.0;
const LEFT: f64 = 150.0;
const WIDTH: f64 = 900.0;
const RIGHT: f64 = 60.0;
/// The scale: each step is ten times the one before.
const LEAST: f64 = 0.1;
const MOST: f64 = 1000.0;

/// Colours of the two kinds of bars.
const INSTRUCTIONS: &str = "#3b6ea5";
const TIME: &str = "#d08a3c";

impl Report {
    /// A bar chart of Evernix's cost for the same cost of Linux, on a logarithmic scale (SVG).
    #[must_use]
    pub fn chart(&self) -> String {
        let rows: Vec<_> = self.rows().collect();
        let height = rows.iter().fold(TOP + 10.0, |height, _| height + ROW);
        let mut svg = String::new();
        svg.push_str(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"sans-serif\" font-size=\"11\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        ));
        legend(&mut svg, &self.linux_release);
        scale(&mut svg, height);
        let mut y = TOP;
        for row in rows {
            text(&mut svg, (LEFT - 6.0, y + 13.0), "end", row.name);
            bar(&mut svg, y + 2.0, row.instructions(), INSTRUCTIONS);
            bar(&mut svg, y + 2.0 + BAR, row.time(), TIME);
            y += ROW;
        }
        svg.push_str("</svg>\n");
        svg
    }
}

fn legend(svg: &mut String, release: &str) {
    let line = format!("Evernix's cost for the same cost of Linux {release}; less is better");
    text(svg, (LEFT, 14.0), "start", &line);
    for (at, colour, what) in [(560.0, INSTRUCTIONS, "instructions"), (660.0, TIME, "time")] {
        svg.push_str(&format!(
            "<rect x=\"{at}\" y=\"6\" width=\"10\" height=\"10\" fill=\"{colour}\"/>\n"
        ));
        text(svg, (at + 14.0, 15.0), "start", what);
    }
}

/// Lines at each tenfold, and a darker one where both systems cost the same.
fn scale(svg: &mut String, height: f64) {
    let mut ratio = LEAST;
    while ratio <= MOST * 1.01 {
        let x = place(ratio);
        let is_one = (ratio - 1.0).abs() < 0.01;
        let colour = if is_one { "#222" } else { "#ccc" };
        svg.push_str(&format!(
            "<line x1=\"{x:.1}\" y1=\"38\" x2=\"{x:.1}\" y2=\"{height}\" stroke=\"{colour}\"/>\n"
        ));
        text(svg, (x, 34.0), "middle", &format!("{ratio:.1}"));
        ratio *= 10.0;
    }
}

fn bar(svg: &mut String, y: f64, ratio: Option<f64>, colour: &str) {
    let Some(ratio) = ratio else { return };
    let (from, to) = (place(ratio.min(1.0)), place(ratio.max(1.0)));
    let width = to - from;
    svg.push_str(&format!("<rect x=\"{from:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\n"));
    text(
        svg,
        (to + 4.0, y + BAR - 1.0),
        "start",
        &format!("{ratio:.2}"),
    );
}

fn place(ratio: f64) -> f64 {
    let share = (ratio.clamp(LEAST, MOST) / LEAST).log10() / (MOST / LEAST).log10();
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, words: &str) {
    svg.push_str(&format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>\n"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::tests::report;

    #[test]
    fn each_ratio_has_a_bar() {
        let chart = report().chart();
        // The background, two of the legend, one of the boot, two of the call.
        assert_eq!(chart.matches("<rect").count(), 6, "{chart}");
        assert!(chart.contains(">stat<") && chart.contains(">2.00<"));
        assert!(chart.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn the_scale_ends_at_its_ends() {
        assert!((place(0.001) - LEFT).abs() < 1e-9);
        assert!((place(1e9) - (WIDTH - RIGHT)).abs() < 1e-9);
        assert!(place(1.0) < place(10.0));
    }
}
