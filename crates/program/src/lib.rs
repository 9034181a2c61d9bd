//! The rules of the cashback programme, pure.
