//! The watched objects and arrays that are open, and in each the place where what is being read of it would begin if it
//! went.

use super::output::Mark;

/// A watched object or array that is open.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// Its node.
    pub(super) node: usize,
    /// The node of the member or element being read.
    pub(super) inside: usize,
    pub(super) is_array: bool,
    /// Of the element being read, counted from 0.
    number: u32,
    /// Where the member or element being read begins, with the comma before it; none once that is sure to stay.
    child: Option<Mark>,
    /// Something in it stays.
    kept: bool,
    /// Something in it went.
    lost: bool,
    /// It may go at its end, whatever is in it.
    may_go: bool,
    /// It will.
    pub(super) goes: bool,
}

/// From the outermost, which is never closed, to the innermost.
#[derive(Debug)]
pub(super) struct Levels(Vec<Level>);

impl Levels {
    pub(super) fn new() -> Self {
        Self(vec![Level::default()])
    }

    pub(super) fn open(&mut self, node: usize, is_array: bool, may_go: bool) {
        self.0.push(Level { node, is_array, may_go, ..Level::default() });
    }

    /// Closes the innermost one, unless it is the only one.
    pub(super) fn close(&mut self) -> Option<Level> {
        if self.is_top() { None } else { self.0.pop() }
    }

    /// Whether only the top-level object is open.
    pub(super) fn is_top(&self) -> bool {
        self.0.len() == 1
    }

    pub(super) fn innermost(&self) -> Option<&Level> {
        self.0.last()
    }

    pub(super) fn innermost_mut(&mut self) -> Option<&mut Level> {
        self.0.last_mut()
    }

    /// The numbers of the elements that are being read, outermost first.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.iter().filter(|level| level.is_array).map(|level| level.number)
    }

    /// The open places, in order.
    pub(super) fn marks(&mut self) -> impl Iterator<Item = &mut Mark> {
        self.0.iter_mut().filter_map(|level| level.child.as_mut())
    }

    /// A member's name, or an element, begins at an offset.
    pub(super) fn child_begins(&mut self, at: u64) {
        if let Some(level) = self.0.last_mut()
            && !level.kept
        {
            level.child = Some(Mark::new(at));
        }
    }

    /// A comma was read at an offset. It belongs to what follows when something stays before it.
    pub(super) fn comma(&mut self, at: u64) {
        if let Some(level) = self.0.last_mut() {
            level.number = level.number.saturating_add(1);
            level.child = level.kept.then(|| Mark::new(at));
        }
    }

    /// What is read of the innermost one stays, and so does what that stands in.
    pub(super) fn keep_child(&mut self) {
        for level in self.0.iter_mut().rev() {
            if level.kept && level.child.is_none() {
                // So it was before, and those around it know.
                break;
            }
            level.kept = true;
            level.child = None;
            if level.may_go {
                break;
            }
        }
    }

    /// What is read of the innermost one goes: where it begins.
    pub(super) fn lose_child(&mut self) -> Option<Mark> {
        let level = self.0.last_mut()?;
        level.lost = true;
        level.child.take()
    }

    /// Whether something stays of the innermost one.
    pub(super) fn kept(&self) -> bool {
        self.0.last().is_some_and(|level| level.kept)
    }
}

impl Level {
    /// Whether it goes, now that it is read.
    pub(super) fn is_lost(&self) -> bool {
        self.goes || (self.lost && !self.kept)
    }
}
