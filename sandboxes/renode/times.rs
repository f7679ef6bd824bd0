//! What `record.py` has written down, as the board tells it: edges of pins, and when lines of ports ended.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Something that happened, at nanoseconds of the machine's time.
#[derive(Debug, PartialEq)]
enum Event<'a> {
    /// `D`, 12, and its new level.
    Pin(&'a str, &'a str, u8),
    /// A port's name and a byte.
    Uart(&'a str, u8),
}

fn event(line: &str) -> Option<(u64, Event<'_>)> {
    let words: Vec<&str> = line.split(' ').collect();
    let event = match words.get(1..)? {
        ["pin", port, pin, level] => Event::Pin(port.strip_prefix("gpioPort")?, pin, level.parse().ok()?),
        ["uart", port, byte] => Event::Uart(port, u8::from_str_radix(byte, 16).ok()?),
        _ => return None,
    };
    Some((words[0].parse().ok()?, event))
}

/// Adds to a report what a record tells. One that was cut off, or lacks something, adds nothing but that.
pub fn add(report: &mut Value, record: &str) {
    let whole = record
        .lines()
        .last()
        .is_some_and(|line| line.starts_with("end ") && line.ends_with(" 0 0"));
    if !whole {
        report["renode"]["remarks"]["the record of times is not whole"] = 1.into();
        return;
    }
    let mut edges: BTreeMap<String, Vec<(f64, u8)>> = BTreeMap::new();
    let mut lines: BTreeMap<&str, Vec<(f64, String)>> = BTreeMap::new();
    let mut begun: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for (ns, event) in record.lines().filter_map(event) {
        let ms = ns as f64 / 1e6;
        match event {
            Event::Pin(port, pin, level) => edges.entry(format!("{port}{pin}")).or_default().push((ms, level)),
            Event::Uart(port, b'\n') => {
                let text = String::from_utf8_lossy(&begun.remove(port).unwrap_or_default()).into_owned();
                lines.entry(port).or_default().push((ms, text));
            }
            Event::Uart(port, byte) => begun.entry(port).or_default().push(byte),
        }
    }
    for (pin, edges) in edges {
        let count = |level| edges.iter().filter(|edge| edge.1 == level).count();
        let pin = &mut report["pins"][&pin];
        (pin["rising"], pin["falling"]) = (count(1).into(), count(0).into());
        pin["edges"] = json!(edges);
    }
    for (port, lines) in lines {
        report["uart"][port]["lines"] = json!(lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_and_lines_have_their_times() {
        let record = "1000000 pin gpioPortD 12 1\n1500000 uart usart2 68\n1600000 uart usart2 69\n2000000 pin gpioPortD 12 0\n\
                      2500000 uart usart2 0a\nend 5 0 0\n";
        let mut report = json!({"pins": {"D12": {"level": 0}}, "uart": {}, "renode": {"remarks": {}}});
        add(&mut report, record);
        assert_eq!(
            report["pins"]["D12"],
            json!({"level": 0, "rising": 1, "falling": 1, "edges": [[1.0, 1], [2.0, 0]]})
        );
        assert_eq!(report["uart"]["usart2"]["lines"], json!([[2.5, "hi"]]));
    }

    #[test]
    fn a_record_that_is_not_whole_tells_nothing() {
        for record in [
            "",
            "1000000 pin gpioPortD 12 1\n",
            "1000000 pin gpioPortD 12 1\nend 1 0 2\n",
        ] {
            let mut report = json!({"pins": {}, "renode": {"remarks": {}}});
            add(&mut report, record);
            assert_eq!(report["pins"], json!({}));
            assert_eq!(report["renode"]["remarks"].as_object().unwrap().len(), 1);
        }
    }
}
