/** The command line: the front door. */
export { buildProgram } from './program.ts';
