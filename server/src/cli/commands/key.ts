import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type ApiKey,
  createApiKey,
  listApiKeys,
  platformTextId,
  revokeApiKey,
  SCOPES,
  type Scope,
} from '../../platforms/index.ts';
import { type Cli, type PlatformContext, platformAction, type Result } from '../action.ts';
import { nameText } from '../options.ts';
import { type Column, fields, table } from '../output.ts';

/** `guanjia key …` */
export function addKeyCommands(program: Command, cli: Cli): void {
  const key = program
    .command('key')
    .summary('API keys: create, list, revoke')
    .description('API keys of a platform. A key may do what its scopes say.');
  key
    .command('create')
    .description('Make a key. It is shown this once: only a digest of it is kept.')
    .argument('<name>', 'what or who it is for', nameText)
    .addOption(
      new Option('--scopes <list>', `what it may do, of: ${SCOPES.join(', ')}`)
        .argParser(scopes)
        .default(['read'], 'read'),
    )
    .addHelpText('after', '\nExample:\n  guanjia key create "my shop" --scopes read,money:write')
    .action(platformAction(cli, create));
  key
    .command('list')
    .description('The keys, newest first, revoked ones included.')
    .action(platformAction(cli, list));
  key
    .command('revoke')
    .description('Revoke a key: running servers refuse it within two seconds.')
    .argument('<id>', 'key_…, from the list')
    .action(platformAction(cli, revoke));
}

function scopes(text: string): Scope[] {
  return text.split(',').map((each) => {
    const scope = SCOPES.find((known) => known === each.trim());
    if (scope) return scope;
    throw new InvalidArgumentError(
      `${JSON.stringify(each)} is no scope; there are: ${SCOPES.join(', ')}.`,
    );
  });
}

async function create(
  { app, platformId }: PlatformContext,
  name: string,
  options: { scopes: readonly Scope[] },
): Promise<Result> {
  const { secret, ...key } = await createApiKey(app, { platformId, name, scopes: options.scopes });
  const text = fields({
    key: secret,
    id: key.id,
    platform: platformTextId(platformId),
    scopes: key.scopes.join(', '),
  });
  return { document: { ...key, secret }, text: `${text}Keep the key: it cannot be shown again.\n` };
}

async function list({ app, platformId }: PlatformContext): Promise<Result> {
  const data = await listApiKeys(app, platformId);
  const columns: readonly Column<ApiKey>[] = [
    { title: 'id', show: ({ id }) => id },
    { title: 'name', show: ({ name }) => name },
    { title: 'scopes', show: (key) => key.scopes.join(', ') },
    { title: 'made', show: ({ createdAt }) => createdAt.toISOString() },
    { title: 'revoked', show: ({ revokedAt }) => revokedAt?.toISOString() },
  ];
  return { document: { data }, text: table(data, columns, { empty: 'There are no keys.' }) };
}

async function revoke({ app, platformId }: PlatformContext, id: string): Promise<Result> {
  await revokeApiKey(app, { platformId, keyId: id });
  return { document: { id, revoked: true }, text: `Revoked ${id}.\n` };
}
