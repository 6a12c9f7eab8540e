#!/usr/bin/env node
// What `npm start` runs: `skein first-flight`.

import { exitWith, processTerminal } from './process-terminal.ts';
import { runProgram } from './program.ts';

exitWith(await runProgram(['first-flight', ...process.argv.slice(2)], processTerminal()));
