import type { MachineLoad } from '../fleet/state.ts';
import { formatBytes, formatCelsius } from './format.ts';

/** `CPU 12% of 8, memory 3.1G of 7.6G, disk 40%, 54C`; what a machine does not tell is left out. */
export function loadWords(load: MachineLoad): string {
  const { cpuPercent, cpuCount, memoryUsedBytes, memoryTotalBytes, diskPercent, gpuPercent, hottestCelsius } = load;
  const parts = [
    cpuPercent === undefined ? '' : `CPU ${cpuPercent}%${cpuCount === undefined ? '' : ` of ${cpuCount}`}`,
    memoryUsedBytes === undefined || memoryTotalBytes === undefined
      ? ''
      : `memory ${formatBytes(memoryUsedBytes)} of ${formatBytes(memoryTotalBytes)}`,
    diskPercent === undefined ? '' : `disk ${diskPercent}%`,
    gpuPercent === undefined ? '' : `GPU ${gpuPercent}%`,
    hottestCelsius === undefined ? '' : formatCelsius(hottestCelsius),
    load.powerMode ?? '',
    load.model ?? '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
