import { EXIT_OK, usageError } from '../errors.ts';
import type { Command } from './command.ts';

/** How the daemon starts the process that makes thumbnails. Not for people. */
const THUMBNAILER_OPERAND = 'thumbnailer';

export const cameraCommand: Command = {
  name: 'camera',
  summary: 'List cameras, save a picture of one, watch one in the terminal',
  operands: 'list | snapshot NAME | view NAME',
  flags: {
    machine: { type: 'string', placeholder: 'ID', summary: 'only cameras of that machine' },
    json: { type: 'boolean', summary: 'list: JSON on stdout' },
    output: {
      type: 'string',
      shortFlag: 'o',
      placeholder: 'FILE',
      summary: 'snapshot: a name that ends in .png or .jpg, or - for PNG on stdout',
      defaultText: 'NAME.png',
    },
    size: {
      type: 'string',
      placeholder: 'WxH',
      summary: 'snapshot, view: scaled to fit, in pixels',
      defaultText: 'snapshot: as the camera sends it; view: the terminal',
    },
    rate: { type: 'number', placeholder: 'HZ', summary: 'view: pictures a second at most', defaultText: '10' },
    images: {
      type: 'string',
      placeholder: 'HOW',
      summary: 'view: how it is drawn: sixel, kitty, iterm, blocks',
      defaultText: 'what the terminal says that it shows',
    },
    endpoint: {
      type: 'string',
      placeholder: 'ENDPOINT',
      summary: 'router to reach the machines by',
      defaultText: 'BUBBALOOP_ZENOH_ENDPOINT, then tcp/127.0.0.1:7447',
    },
  },
  examples: [
    'bubbaloop camera list',
    'bubbaloop camera snapshot front_door -o door.jpg',
    'bubbaloop camera view jetson_1/front_door --rate 5',
  ],
  async run(invocation) {
    const [subcommand, name, ...more] = invocation.operands;
    if (subcommand === THUMBNAILER_OPERAND && process.send !== undefined) {
      const { runThumbnailer } = await import('./camera-thumbnailer.ts');
      return runThumbnailer(invocation);
    }
    if (subcommand === 'list' && name === undefined) {
      const { listCameras } = await import('./camera-list.ts');
      return listCameras(invocation);
    }
    if (subcommand === 'list') throw usageError('`camera list` takes no name.');
    if (subcommand !== 'snapshot' && subcommand !== 'view') {
      throw usageError(
        'Say what to do: bubbaloop camera list, snapshot NAME or view NAME.',
        'Run `bubbaloop camera --help`.',
      );
    }
    if (name === undefined || more.length > 0) {
      throw usageError(`\`camera ${subcommand}\` takes one name, as \`bubbaloop camera list\` shows it.`);
    }
    if (subcommand === 'snapshot') {
      const { takeSnapshot } = await import('./camera-snapshot.ts');
      await takeSnapshot(name, invocation);
    } else {
      const { viewCamera } = await import('./camera-view.ts');
      await viewCamera(name, invocation);
    }
    return EXIT_OK;
  },
};
