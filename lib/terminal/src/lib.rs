//! A terminal as a value: line discipline, termios, job control.
