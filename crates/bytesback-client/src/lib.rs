//! A small client of the cashback API.
