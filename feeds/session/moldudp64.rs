//! MoldUDP64 framing.
