//! All that was said, read back from the history and compared with what a member of each room heard.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use moim_wire::{Frame, limits};
use monoio::time::timeout;
use serde::{Deserialize, Serialize};

use super::LoadError;
use super::crowd::{Crowd, Heard};
use crate::protocol::{PAGES, PageRequest, message_id, message_text};
use crate::stamp::{STAMP_BYTES, Stamp, filler};

const WAIT: Duration = Duration::from_secs(60);

/// How the stored past compares with what was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadBack {
    /// Messages read.
    pub(crate) messages: u64,
    /// Places in the order at which past and hearing differ, missing and surplus ones included.
    pub(crate) differing: u64,
    /// Messages whose text is not what was sent.
    pub(crate) altered: u64,
}

/// A page, as far as the comparison needs it.
struct Read {
    said: Heard,
    altered: u64,
    oldest_id: u64,
    more: bool,
}

/// Reads the past of every room through its first member.
pub(crate) async fn compare(crowd: &Rc<Crowd>) -> Result<ReadBack, LoadError> {
    if !crowd.dialect.resumes() {
        return Err(LoadError::Unfit("this peer keeps no history to read back".into()));
    }
    let page = Rc::new(RefCell::new(None));
    let (taker, watcher, text_bytes) = (page.clone(), crowd.clone(), crowd.layout.text_bytes);
    *crowd.on_page.borrow_mut() = Some(Box::new(move |_, _, page| {
        *taker.borrow_mut() = Some(page.map(|page| read(page.frames, page.more, text_bytes)).map_err(str::to_owned));
        watcher.changed.ring();
    }));
    let mut result = ReadBack::default();
    for room in 0..crowd.layout.rooms {
        let stored = past(crowd, room * crowd.layout.members, &page, &mut result).await?;
        let heard = crowd.heard(room);
        let in_place = stored.iter().zip(heard.iter()).filter(|(stored, heard)| stored == heard).count();
        result.differing += (stored.len().max(heard.len()) - in_place) as u64;
    }
    *crowd.on_page.borrow_mut() = None;
    Ok(result)
}

/// A room's past from the newest page to the oldest, put in order.
async fn past(
    crowd: &Rc<Crowd>,
    connection: usize,
    page: &Rc<RefCell<Option<Result<Read, String>>>>,
    result: &mut ReadBack,
) -> Result<Heard, LoadError> {
    let (mut pages, mut before) = (Vec::new(), 0);
    loop {
        let limit = limits::HISTORY_LIMIT_MAX as u16;
        crowd.ask_page(connection, &PageRequest { request: PAGES, before, after: 0, limit });
        let answer = timeout(WAIT, crowd.changed.wait(|| page.borrow_mut().take())).await;
        let read = answer.unwrap_or_else(|_| Err(format!("no answer within {} s", WAIT.as_secs())));
        let read = read.map_err(|why| LoadError::Unfit(format!("reading back: {why}")))?;
        result.messages += read.said.len() as u64;
        result.altered += read.altered;
        before = read.oldest_id;
        pages.push(read.said);
        if !read.more {
            pages.reverse();
            return Ok(pages.concat());
        }
    }
}

fn read(mut frames: &[u8], more: bool, text_bytes: usize) -> Read {
    let wanted = filler(text_bytes);
    let mut read = Read { said: Vec::new(), altered: 0, oldest_id: 0, more };
    while let Ok(Some(frame)) = Frame::first(frames, limits::FRAME_BYTES_MAX) {
        frames = &frames[frame.bytes.len()..];
        if read.oldest_id == 0 {
            read.oldest_id = message_id(frame).unwrap_or(0);
        }
        // Events of the room carry no stamp.
        let Some((text, stamp)) = message_text(frame).and_then(|text| Some((text, Stamp::read(text)?))) else {
            continue;
        };
        read.altered += u64::from(text[STAMP_BYTES..] != wanted[STAMP_BYTES..]);
        read.said.push((stamp.sender, stamp.counter));
    }
    read
}
