//! waveletd: a market-data feed handler.
#![deny(unsafe_code)]

pub mod book;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod ingest;
pub mod metrics;
pub mod pipeline;
pub mod publish;
pub mod record;
pub mod replay;
pub mod runtime;
pub mod signals;
pub mod simulate;
pub mod sys;
