"""The flagship: whatever happens to raw, every mart equals a build from nothing."""
