// Biome formats and lints syntax; this file keeps only the rules that need types, and our own bans.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const clockBan = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Pass the clock (kernel/clock.ts) instead of reading the time here.',
  },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Pass the clock (kernel/clock.ts) instead of reading the time here.',
  },
];
const floatBan = [
  {
    selector: "CallExpression[callee.name='parseFloat']",
    message: 'No floating point touches money: use kernel/decimal.ts.',
  },
  {
    selector: "CallExpression[callee.property.name='toFixed']",
    message: 'No floating point touches money: use kernel/decimal.ts.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Pass the source of randomness (kernel/id.ts).',
  },
];

export default defineConfig(
  { ignores: ['node_modules', 'sdk/src/api.ts', 'server/src/db/tables.ts', 'data'] },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/require-await': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-plus-operands': 'error',
      '@typescript-eslint/no-base-to-string': 'error',
      'no-restricted-syntax': ['error', ...floatBan],
    },
  },
  {
    files: ['server/src/**/*.ts'],
    ignores: ['**/*.test.ts', 'server/src/kernel/**'],
    rules: {
      'no-restricted-syntax': ['error', ...clockBan, ...floatBan],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // `expect.any` and its like are of type any.
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    // A list of routes is a table written as code: long, and asynchronous because Fastify asks for it.
    files: ['server/src/**/*routes.ts', 'server/src/http/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['server/src/kernel/**/*.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
