/** `npm start`: runs the server with what the environment says (config.ts). */
import { run } from './run.ts';

await run();
