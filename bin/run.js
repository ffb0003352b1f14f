#!/usr/bin/env -S node --max-semi-space-size=2
// What a plan is made of lives as long as the plan: a larger space for short-lived objects only costs memory (bench: review-million).
import '../dist/cli/main.js';
