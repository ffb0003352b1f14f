#!/usr/bin/env -S node --max-semi-space-size=2
// What a plan is made of lives as long as the plan: a larger space for short-lived objects only costs memory (bench: review-million).

// The words of this file are those that the oldest Node with modules reads: what comes after would be a syntax error to it.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 20 || (major === 20 && minor >= 19)) {
  import('../dist/cli/main.js').catch((error) => {
    if (error.code !== 'EMFILE' && error.code !== 'ENFILE') throw error;
    console.error('Error: too many files are open to load the program; raise the limit: ulimit -n 256');
    // Threads may have started.
    process.exit(1);
  });
} else {
  console.error(`dirsync needs Node 20.19 or later; this is ${process.versions.node}`);
  process.exitCode = 1;
}
