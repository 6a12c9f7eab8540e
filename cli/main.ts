#!/usr/bin/env node
// The program `skein`: connects the command line to this process.

import { exitWith, processTerminal } from './process-terminal.ts';
import { runProgram } from './program.ts';

exitWith(await runProgram(process.argv.slice(2), processTerminal()));
