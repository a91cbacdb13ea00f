// A process of its own that uses an embedded database, for the tests that kill it. Says one line of JSON
// when the database is up, and stops properly when its input ends.
import { startEmbedded } from './start.ts';

const [dataDir = ''] = process.argv.slice(2);
const database = await startEmbedded({ dataDir, durable: false });
process.stdout.write(`${JSON.stringify({ pid: database.pid(), port: database.port })}\n`);
process.stdin.on('end', () => void database.stop()).resume();
