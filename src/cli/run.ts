/**
 * The command line: `meritkedja <command> …` (contract, "Command line"). Returns the exit status and never ends the
 * process, so that tests run it as it is. Each command is a file of its own. Proven by run.int.spec.ts.
 */
import { Command, CommanderError, Help, type Option } from 'commander';
import { ConfigError } from '../errors.js';
import { CliError, EXIT, type CliIo } from './cli-io.js';

type Add = (root: Command, io: CliIo, finish: Finish) => void;

/** Each is loaded when it is called: who only verifies waits for no store and no chain, and needs neither. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  verify: async () => (await import('./verify.command.js')).verifyCommand,
  trust: async () => (await import('./trust.command.js')).trustCommand,
  audit: async () => (await import('./audit.command.js')).auditCommand,
  bundle: async () => (await import('./bundle.command.js')).bundleCommand,
  seal: async () => (await import('./seal.command.js')).sealCommand,
  reanchor: async () => (await import('./reanchor.command.js')).reanchorCommand,
  'rotate-anchorer': async () => (await import('./reanchor.command.js')).rotateAnchorerCommand,
  'close-chain': async () => (await import('./reanchor.command.js')).closeChainCommand,
  monitor: async () => (await import('./monitor.command.js')).monitorCommand,
  erase: async () => (await import('./erase.command.js')).eraseCommand,
  doctor: async () => (await import('./doctor.command.js')).doctorCommand,
  keys: async () => (await import('./keys.command.js')).keysCommand,
  backup: async () => (await import('./backup.command.js')).backupCommand,
  restore: async () => (await import('./restore.command.js')).restoreCommand,
  rebuild: async () => (await import('./rebuild.command.js')).rebuildCommand,
};

/** How a command ends well: some have more than one way (`verify`). */
export type Finish = (status: number) => void;

const STATUSES = `
Exit status: 0 valid or done, 1 invalid or something found, 2 undetermined or not reached, 3 not in force, 4 pending,
64 wrong usage, 65 unreadable input, 78 configuration.`;

/**
 * Runs one command.
 * @param argv without the program's own name
 * @returns the exit status
 */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
  let status: number = EXIT.ok;
  const finish: Finish = (given) => (status = given);
  try {
    await (await program(argv[0], io, finish)).parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    // Commander has written its message, or the help that was asked for, itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return failed(error, io);
  }
}

/** @param name of the command, if it is one; else all are there, for the help */
async function program(name: string | undefined, io: CliIo, finish: Finish): Promise<Command> {
  const root = new Command('meritkedja')
    .description('Checks micro-credentials and works with a ledger of them.')
    .addHelpText('after', STATUSES)
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .configureHelp({ optionDescription: describeOption })
    .exitOverride()
    .showHelpAfterError('(meritkedja --help shows what there is)');
  const called = Object.entries(COMMANDS).filter(([each]) => each === name);
  for (const [, load] of called.length > 0 ? called : Object.entries(COMMANDS)) (await load())(root, io, finish);
  return root;
}

/** As commander describes an option, but for the empty list that one which can be given several times begins with. */
function describeOption(option: Option): string {
  const isList = Array.isArray(option.defaultValue);
  return isList ? option.description : new Help().optionDescription(option);
}

function failed(error: unknown, io: CliIo): number {
  if (error instanceof CliError) {
    io.stderr.write(`meritkedja: ${error.message}\n`);
    return error.status;
  }
  if (error instanceof ConfigError) {
    io.stderr.write(`meritkedja: ${error.message}\n`);
    return EXIT.configuration;
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`meritkedja: an error of ours, please report it\n${what}\n`);
  return EXIT.software;
}
