import { usageError } from '../errors.ts';
import { type Command, type Invocation, stringFlag } from './command.ts';

const ROLES = ['central', 'jetson', 'tls'] as const;

/** Flags that go with some of them only. */
const OWN_FLAGS: Readonly<Record<string, readonly (typeof ROLES)[number][]>> = {
  central: ['jetson'],
  address: ['central'],
  websocket: ['central'],
  rest: ['central'],
  systemd: ['central', 'jetson'],
  tls: ['central', 'jetson'],
  machineId: ['central', 'jetson'],
  machine: ['tls'],
  host: ['tls'],
  revoke: ['tls'],
  renew: ['tls'],
  days: ['tls'],
};

export const setupCommand: Command = {
  name: 'setup',
  summary: 'Write down what this machine runs: the central server’s router, or a robot’s router and daemon',
  operands: 'central | jetson | tls',
  flags: {
    central: { type: 'string', placeholder: 'HOST[:PORT]', summary: 'jetson: the central router to connect to' },
    address: {
      type: 'string',
      placeholder: 'ADDRESS',
      summary: 'central: listen at this address of the machine; `tailscale` for the one it has there',
      defaultText: 'every interface',
    },
    websocket: {
      type: 'string',
      placeholder: 'HOST:PORT',
      summary: 'central: address of the WebSocket',
      defaultText: '127.0.0.1:10000',
    },
    rest: {
      type: 'string',
      placeholder: 'HOST:PORT',
      summary: 'central: address of the REST interface',
      defaultText: '127.0.0.1:8000',
    },
    machineId: {
      type: 'string',
      placeholder: 'ID',
      summary: 'central, jetson: name of this machine in the fleet',
      defaultText: 'BUBBALOOP_MACHINE_ID, then the hostname',
    },
    tls: { type: 'boolean', summary: 'central, jetson: encrypt, with the certificates of `setup tls`' },
    systemd: { type: 'boolean', summary: 'central, jetson: write user units, enable and start them' },
    machine: {
      type: 'string',
      placeholder: 'ID',
      isMultiple: true,
      summary: 'tls: make a certificate for this machine',
    },
    host: {
      type: 'string',
      placeholder: 'NAME',
      isMultiple: true,
      summary: 'tls: another name or address that machines know central by',
    },
    revoke: { type: 'string', placeholder: 'ID', isMultiple: true, summary: 'tls: shut this machine out' },
    renew: { type: 'boolean', summary: 'tls: new certificates for central and for each --machine' },
    days: { type: 'number', summary: 'tls: how long certificates are valid', defaultText: '825' },
    dryRun: { type: 'boolean', summary: 'only tell what would be written' },
    force: { type: 'boolean', summary: 'replace files that were edited; the old ones are kept as FILE.old' },
    home: {
      type: 'string',
      placeholder: 'DIR',
      summary: 'folder of configuration, registry and logs',
      defaultText: 'BUBBALOOP_HOME, then ~/.bubbaloop',
    },
  },
  examples: [
    'bubbaloop setup central --address tailscale --systemd',
    'bubbaloop setup jetson --central central.example.org --systemd',
    'bubbaloop setup tls --machine jetson_1 --machine jetson_2',
    'bubbaloop setup tls --revoke jetson_2',
  ],
  async run(invocation) {
    const [operand, ...more] = invocation.operands;
    const role = ROLES.find((name) => name === operand);
    if (role === undefined || more.length > 0) {
      throw usageError(
        operand === undefined || more.length > 0 ? 'setup wants one word.' : `setup has no ${JSON.stringify(operand)}.`,
        `One of: ${ROLES.join(', ')}.`,
      );
    }
    refuseForeignFlags(role, invocation);
    if (role === 'tls') return (await import('./setup-tls.ts')).setUpTls(invocation);
    if (role === 'jetson' && stringFlag(invocation, 'central') === undefined) {
      throw usageError('setup jetson wants to know the central router.', 'bubbaloop setup jetson --central HOST');
    }
    return (await import('./setup-machine.ts')).setUpMachine(role, invocation);
  },
};

function refuseForeignFlags(role: (typeof ROLES)[number], invocation: Invocation): void {
  for (const [flag, roles] of Object.entries(OWN_FLAGS)) {
    const value = invocation.flags[flag];
    const isGiven = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    if (!isGiven || roles.includes(role)) continue;
    const name = flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw usageError(`--${name} goes with setup ${roles.join(' and ')}.`);
  }
}
