import type { Command } from 'commander';
import { prepareDataDir } from '../../db/embedded/index.ts';
import { systemRandom } from '../../kernel/random.ts';
import { renewIdentities } from '../../members/index.ts';
import { KEY_FILE, rotateKeyFile } from '../../sealing/index.ts';
import {
  type Cli,
  type Context,
  type DatabaseContext,
  databaseAction,
  plainAction,
  type Result,
} from '../action.ts';
import { CliError } from '../cli-error.ts';
import { fields } from '../output.ts';
import { pickPlatforms } from '../session.ts';

/** `guanjia seal …` */
export function addSealCommands(program: Command, cli: Cli): void {
  const seal = program
    .command('seal')
    .summary('the keys that seal what identifies people')
    .description(
      'What identifies people is sealed with the first key of GUANJIA_SEAL_KEYS, or of seal.key in the data folder; the others open what was sealed before.',
    );
  seal
    .command('rotate')
    .description(
      'Put a new key before those of seal.key. Start the server anew, then run `guanjia seal renew`.',
    )
    .action(plainAction(cli, rotate));
  seal
    .command('renew')
    .description(
      'Seal with the first key whatever is sealed with another one. Afterwards the others may be taken out.',
    )
    .action(databaseAction(cli, renew));
}

async function rotate({ config }: Context): Promise<Result> {
  if (config.sealKeys !== undefined)
    throw new CliError(
      'keys_in_environment',
      `the keys are those of GUANJIA_SEAL_KEYS: add a new one there. ${KEY_FILE} was not changed`,
    );
  await prepareDataDir(config.dataDir);
  const { current, all } = await rotateKeyFile(config.dataDir, systemRandom);
  const keys = all.map(({ id }) => id);
  return {
    document: { current: current.id, keys },
    text: fields({ 'seals from the next start on': current.id, keys: keys.join(', ') }),
  };
}

async function renew({ app, global }: DatabaseContext): Promise<Result> {
  let renewed = 0;
  for (const { platformId } of await pickPlatforms(app, global.platform))
    renewed += await renewIdentities(app, platformId);
  return { document: { renewed }, text: `Sealed anew: ${renewed}.\n` };
}
