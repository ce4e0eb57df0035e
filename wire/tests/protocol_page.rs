//! PROTOCOL.md names what the code has, with the code's numbers, and its examples are frames.

#![allow(clippy::unwrap_used, reason = "the lint spares test functions only; everything here is a test")]

mod hex;

use moim_wire::{Decoder, EPOCH_UNIX_MS, ErrorCode, Opcode, VERSION, body, limits};

const PAGE: &str = include_str!("../PROTOCOL.md");

/// The cells of every table row of the page.
fn rows() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The blocks fenced as `hex`, each with the name behind the word.
fn hex_blocks() -> Vec<(&'static str, &'static str)> {
    let blocks = PAGE.split("```hex").skip(1);
    blocks
        .map(|rest| rest.split_once('\n').unwrap())
        .map(|(name, rest)| (name.trim(), rest.split("```").next().unwrap()))
        .collect()
}

#[test]
fn every_operation_stands_in_the_table_with_its_number() {
    let rows = rows();
    for &opcode in Opcode::ALL {
        let number = format!("0x{:02x}", opcode as u8);
        let found = rows.iter().filter(|row| row[0] == number).collect::<Vec<_>>();
        assert_eq!(found.len(), 1, "{number} stands {} times", found.len());
        assert_eq!(found[0][1], opcode.name());
    }
    let numbered = rows.iter().filter(|row| row[0].starts_with("0x")).count();
    assert_eq!(numbered, Opcode::ALL.len(), "the page has operations that the code does not have");
}

#[test]
fn every_error_code_stands_in_the_table_with_its_number_and_what_to_do() {
    let rows = rows();
    for &code in ErrorCode::ALL {
        let number = (code as u16).to_string();
        let row = rows.iter().find(|row| row.len() == 4 && row[0] == number && row[1] == code.name());
        let row = row.unwrap_or_else(|| panic!("{number} {} does not stand in the table", code.name()));
        assert!(!row[2].is_empty() && !row[3].is_empty(), "{row:?}");
    }
}

#[test]
fn every_limit_stands_in_the_table_with_its_value() {
    let limits = [
        ("REQUEST_BYTES_MAX", limits::REQUEST_BYTES_MAX),
        ("FRAME_BYTES_MAX", limits::FRAME_BYTES_MAX),
        ("TEXT_CHARS_MAX", limits::TEXT_CHARS_MAX),
        ("HISTORY_LIMIT_MAX", limits::HISTORY_LIMIT_MAX),
        ("HISTORY_BYTES_MAX", limits::HISTORY_BYTES_MAX),
        ("LIST_LIMIT_MAX", limits::LIST_LIMIT_MAX),
        ("MONEY_LIMIT_MAX", limits::MONEY_LIMIT_MAX),
        ("SENDS_IN_FLIGHT_MAX", limits::SENDS_IN_FLIGHT_MAX),
        ("CATCH_UP_MAX", limits::CATCH_UP_MAX),
        ("CATCH_UP_BYTES_MAX", limits::CATCH_UP_BYTES_MAX),
        ("UNREAD_MAX", limits::UNREAD_MAX as usize),
        ("PRESENCE_MEMBERS_MAX", limits::PRESENCE_MEMBERS_MAX),
    ];
    for (name, value) in limits {
        let row = rows().into_iter().find(|row| row[0] == format!("`{name}`"));
        let row = row.unwrap_or_else(|| panic!("{name} does not stand in the table"));
        assert_eq!(row[1].replace(',', ""), value.to_string(), "{name}");
    }
    assert!(PAGE.contains(&EPOCH_UNIX_MS.to_string()));
    assert!(PAGE.contains(&format!("version {VERSION}")));
}

#[test]
fn every_example_is_a_frame_and_the_golden_one_of_its_name() {
    assert!(hex_blocks().len() >= 8);
    for (name, block) in hex_blocks() {
        let bytes = hex::parse(block);
        let golden = format!("{}/golden/{name}.hex", env!("CARGO_MANIFEST_DIR"));
        let golden = std::fs::read_to_string(&golden).unwrap_or_else(|error| panic!("{golden}: {error}"));
        assert_eq!(bytes, hex::parse(&golden), "{name} is another frame in golden/");
        let mut frames = 0;
        let mut decoder = Decoder::new(limits::FRAME_BYTES_MAX);
        decoder
            .feed(&bytes, |frame| {
                frames += 1;
                body::inspect(frame.opcode().unwrap(), frame.body()).unwrap();
            })
            .unwrap();
        assert!(frames == 1 && !decoder.is_mid_frame(), "{name} is not one frame");
    }
}

#[test]
fn ids_that_the_page_speaks_of_stand_in_its_examples() {
    let in_text =
        PAGE.split(|c: char| !c.is_ascii_digit()).filter(|word| word.starts_with("24432") && word.len() == 15);
    let bytes: Vec<u8> = hex_blocks().iter().flat_map(|(_, block)| hex::parse(block)).collect();
    for id in in_text {
        let id = id.parse::<u64>().unwrap().to_le_bytes();
        assert!(bytes.windows(8).any(|window| window == id), "no example holds the id");
    }
}
