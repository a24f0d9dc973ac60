//! Applies `ioctl` requests to a terminal.

use alloc::vec::Vec;

use abi::Errno;

use crate::output::Flow;
use crate::{
    Caller, Claim, Claimant, Control, FlowAction, Form, Happening, Queue, Settings, Sink, Special,
    Terminal, Wake, When, WindowSize,
};

/// What a request needs to know beside itself.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Who asks.
    pub caller: Caller,
    /// Its pid.
    pub pid: u32,
    /// Its claim to a controlling terminal; matters for [`Control::Claim`] only.
    pub claim: Claim,
    /// The bytes of [`crate::Transfer::FromProgram`].
    pub payload: &'a [u8],
    /// The session of the group named in the payload, for [`Control::SetForeground`].
    pub group_session: Option<u32>,
    /// Bytes that the sink has not sent yet.
    pub unsent: usize,
}

/// What a request came to. Its result is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Answer {
    /// The bytes of [`crate::Transfer::ToProgram`].
    pub payload: Vec<u8>,
    /// What others have to do.
    pub happening: Happening,
}

impl Answer {
    fn bytes(bytes: &[u8]) -> Answer {
        Answer {
            payload: Vec::from(bytes),
            happening: Happening::default(),
        }
    }

    fn number(number: u32) -> Answer {
        Answer::bytes(&number.to_le_bytes())
    }

    fn count(count: usize) -> Answer {
        Answer::number(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn happened(happening: Happening) -> Answer {
        Answer {
            payload: Vec::new(),
            happening,
        }
    }
}

impl Terminal {
    /// Applies a request. Before it: ask [`Terminal::may_control`], and wait until the sink is
    /// empty if it [waits for output](Control::waits_for_output). [`Control::Break`] and
    /// [`Control::BreakCondition`] change nothing here: the line does them.
    ///
    /// # Errors
    /// `IO` after a hang-up, `FAULT` for a payload that is too short, and those of the request.
    pub fn control(
        &mut self,
        control: Control,
        situation: &Situation,
        sink: &mut impl Sink,
    ) -> Result<Answer, Errno> {
        if self.hung_up {
            return Err(Errno::IO);
        }
        match control {
            Control::SetSettings(form, when) => self.apply_settings(form, when, situation, sink),
            Control::SetWindowSize => {
                let size = WindowSize::from_bytes(situation.payload)?;
                Ok(Answer::happened(self.resize(size)))
            }
            Control::SetForeground => self.apply_foreground(situation),
            Control::SetDiscipline => match int(situation.payload)? {
                0 => Ok(Answer::default()),
                _ => Err(Errno::INVAL),
            },
            Control::Claim { seize } => self.apply_claim(seize, situation),
            Control::Disown => self
                .disown(situation.pid, situation.caller.session)
                .map(Answer::happened),
            Control::Flush(queue) => Ok(Answer::happened(self.flush(queue, sink))),
            Control::Flow(action) => Ok(Answer::happened(self.apply_flow(action, sink))),
            Control::SetExclusive { exclusive } => {
                self.exclusive = exclusive;
                Ok(Answer::default())
            }
            _ => self.inquire(control, situation),
        }
    }

    /// The requests that change nothing.
    fn inquire(&self, control: Control, situation: &Situation) -> Result<Answer, Errno> {
        Ok(match control {
            Control::GetSettings(Form::Termios) => Answer::bytes(&self.settings.to_termios()),
            Control::GetSettings(Form::Termios2) => Answer::bytes(&self.settings.to_termios2()),
            Control::GetWindowSize => Answer::bytes(&self.size.to_bytes()),
            Control::GetForeground => Answer::number(self.foreground(&situation.caller)?),
            Control::GetSession => {
                self.foreground(&situation.caller)?;
                Answer::number(self.ownership.session)
            }
            Control::InputCount => Answer::count(self.input.count()),
            Control::OutputCount => Answer::count(situation.unsent),
            Control::GetExclusive => Answer::number(u32::from(self.exclusive)),
            Control::GetDiscipline => Answer::number(0),
            _ => Answer::default(),
        })
    }

    fn apply_settings(
        &mut self,
        form: Form,
        when: When,
        situation: &Situation,
        sink: &mut impl Sink,
    ) -> Result<Answer, Errno> {
        let settings: Settings = match form {
            Form::Termios => self.settings.with_termios(situation.payload)?,
            Form::Termios2 => self.settings.with_termios2(situation.payload)?,
        };
        if when == When::DrainedAndFlushed {
            self.flush_input();
        }
        Ok(Answer::happened(self.set_settings(settings, sink)))
    }

    fn apply_foreground(&mut self, situation: &Situation) -> Result<Answer, Errno> {
        let group = int(situation.payload)?;
        self.set_foreground(&situation.caller, group, situation.group_session)?;
        Ok(Answer::default())
    }

    fn apply_claim(&mut self, seize: bool, situation: &Situation) -> Result<Answer, Errno> {
        let claim = match situation.claim {
            Claim::Seizing if !seize => Claim::Needed,
            claim => claim,
        };
        self.claim(&Claimant {
            pid: situation.pid,
            group: situation.caller.group,
            session: situation.caller.session,
            claim,
        })?;
        Ok(Answer::default())
    }

    fn flush(&mut self, queue: Queue, sink: &mut impl Sink) -> Happening {
        if queue != Queue::Output {
            self.flush_input();
        }
        if queue == Queue::Input {
            return Happening::default();
        }
        self.flush_output(sink);
        Happening::woken(Wake::WRITERS)
    }

    fn apply_flow(&mut self, action: FlowAction, sink: &mut impl Sink) -> Happening {
        match action {
            FlowAction::StopOutput => self.output.flow = Flow::StoppedByProgram,
            // A stop from the line is not the program's to undo.
            FlowAction::ResumeOutput if self.output.flow == Flow::StoppedByProgram => {
                self.output.flow = Flow::Running;
                self.output.pump(sink);
                return Happening::woken(Wake::WRITERS);
            }
            FlowAction::ResumeOutput => {}
            FlowAction::SendStop => self.send_special(Special::Stop, sink),
            FlowAction::SendStart => self.send_special(Special::Start, sink),
        }
        Happening::default()
    }

    /// Sends a character of flow control past everything that waits; a full sink loses it.
    fn send_special(&self, special: Special, sink: &mut impl Sink) {
        let byte = self.settings.special(special);
        if byte != 0 && sink.room() > 0 {
            sink.push(byte);
        }
    }
}

/// The `int` of a payload.
fn int(payload: &[u8]) -> Result<i32, Errno> {
    payload
        .first_chunk()
        .map(|bytes| i32::from_le_bytes(*bytes))
        .ok_or(Errno::FAULT)
}
