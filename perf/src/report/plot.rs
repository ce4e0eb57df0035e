//! Plots as SVG that stands in the page itself: no script, no file beside it.

use std::fmt::Write;

use super::scale::Scale;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 28.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 44.0;
const BAR_HEIGHT: f64 = 26.0;

/// One line of a plot.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// An axis: its title, its scale, and how its values are written.
pub(super) struct Axis {
    pub(super) title: &'static str,
    pub(super) scale: Scale,
    pub(super) show: fn(f64) -> String,
}

/// A plot of lines over two axes.
pub(super) fn lines(title: &str, x: &Axis, y: &Axis, lines: &[Line]) -> String {
    let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let place = |(px, py): (f64, f64)| (LEFT + x.scale.place(px) * width, TOP + (1.0 - y.scale.place(py)) * height);
    let mut svg = open(title, HEIGHT);
    for tick in y.scale.ticks() {
        let at = place((0.0, tick)).1;
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{:.1}" y1="{at:.1}" y2="{at:.1}"/><text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            (y.show)(tick)
        );
    }
    for tick in x.scale.ticks() {
        let at = place((tick, 0.0)).0;
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{at:.1}" x2="{at:.1}" y1="{TOP}" y2="{:.1}"/><text class="tick" x="{at:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 16.0,
            (x.show)(tick)
        );
    }
    for line in lines {
        let path: Vec<String> =
            line.points.iter().map(|&point| place(point)).map(|(px, py)| format!("{px:.1},{py:.1}")).collect();
        let _ = write!(
            svg,
            r#"<polyline class="line" stroke="{}" points="{}"><title>{}</title></polyline>"#,
            line.colour,
            path.join(" "),
            line.name
        );
    }
    let _ = write!(
        svg,
        r#"<text class="axis" x="{:.1}" y="{:.1}" text-anchor="middle">{}</text><text class="axis" transform="translate(14,{:.1}) rotate(-90)" text-anchor="middle">{}</text></svg>"#,
        LEFT + width / 2.0,
        HEIGHT - 8.0,
        x.title,
        TOP + height / 2.0,
        y.title
    );
    figure(title, &svg, lines)
}

/// Bars one below the other, each with its value.
pub(super) fn bars(title: &str, bars: &[(&'static str, &'static str, f64)], show: fn(f64) -> String) -> String {
    let scale = Scale::linear(bars.iter().map(|bar| bar.2));
    let height = bars.len() as f64 * BAR_HEIGHT + 12.0;
    let width = WIDTH - LEFT - 110.0;
    let mut svg = open(title, height);
    for (number, (name, colour, value)) in bars.iter().enumerate() {
        let top = number as f64 * BAR_HEIGHT + 6.0;
        let length = scale.place(*value) * width;
        let _ = write!(
            svg,
            r#"<text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">{name}</text><rect x="{LEFT}" y="{top:.1}" width="{length:.1}" height="{:.1}" rx="2" fill="{colour}"/><text class="tick" x="{:.1}" y="{:.1}">{}</text>"#,
            LEFT - 6.0,
            top + 14.0,
            BAR_HEIGHT - 8.0,
            LEFT + length + 6.0,
            top + 14.0,
            show(*value)
        );
    }
    svg.push_str("</svg>");
    format!(r#"<div class="bars">{}</div>"#, figure(title, &svg, &[]))
}

fn open(title: &str, height: f64) -> String {
    format!(r#"<svg viewBox="0 0 {WIDTH} {height:.0}" role="img" aria-label="{title}">"#)
}

/// The plot with its title and, where there is more than one line, what each colour means.
fn figure(title: &str, svg: &str, lines: &[Line]) -> String {
    let legend: String = lines
        .iter()
        .map(|line| format!(r#"<span><i style="background:{}"></i>{}</span>"#, line.colour, line.name))
        .collect();
    format!(r#"<figure><figcaption>{title}<div class="legend">{legend}</div></figcaption>{svg}</figure>"#)
}
