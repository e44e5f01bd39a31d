import { spawn } from 'node:child_process';
import type { PixelSize } from './terminal-pictures.ts';

/** TIOCGWINSZ, tty_ioctl(4): rows, columns, width and height in pixels, 16 bits each. */
const SCRIPT = 'my $w = "\\0" x 8; ioctl(STDIN, 0x5413, $w) and print join " ", unpack "S4", $w';

/**
 * The size in pixels of the terminal behind `fd` as the kernel knows it, for terminals that do not answer. Node has no call
 * for it and stty does not print it, but perl is part of every Debian. Undefined where that fails, or the kernel was never
 * told.
 */
export function askWindowPixels(fd: number): Promise<PixelSize | undefined> {
  return new Promise((resolve) => {
    const child = spawn('perl', ['-e', SCRIPT], { stdio: [fd, 'pipe', 'ignore'], timeout: 1_000 });
    let text = '';
    child.stdout?.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    child.once('error', () => resolve(undefined));
    child.once('close', () => {
      const [, , widthPx = 0, heightPx = 0] = text.split(' ').map(Number);
      resolve(widthPx > 0 && heightPx > 0 ? { widthPx, heightPx } : undefined);
    });
  });
}
