#!/usr/bin/env node
// Builds first, then runs: what you type is what the sources say now.
await import('../build.js');
await import('./run.js');
