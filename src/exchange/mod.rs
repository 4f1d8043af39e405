//! One request from head to answer.
