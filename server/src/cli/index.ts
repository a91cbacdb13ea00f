/** The command line: the front door. */
export { renderCliReference } from './reference.ts';
