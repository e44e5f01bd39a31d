/**
 * Sensors in sysfs. Paths as in the kernel's Documentation/ABI/testing/sysfs-class-thermal, Documentation/hwmon
 * (ina3221) and, for the load of a Jetson's GPU, NVIDIA's driver: `load` in thousandths beside its devfreq device.
 */
import type { Telemetry } from '../wire/telemetry.ts';
import { listNames, type MachineRoots, readSensor, readSensorText } from './machine-files.ts';
import { rounded } from './proc-figures.ts';

/** A machine's sensors: found once, read as often as one likes. */
export interface Sensors {
  readonly model: string | undefined;
  readonly thermal: readonly { readonly name: string; readonly file: string }[];
  readonly gpuFolder: string | undefined;
  readonly rails: readonly { readonly name: string; readonly voltageFile: string; readonly currentFile: string }[];
  /** By their number. */
  readonly powerModes: ReadonlyMap<number, string>;
}

export async function findSensors(roots: MachineRoots): Promise<Sensors> {
  const [model, thermal, gpuFolder, rails, names] = await Promise.all([
    readSensorText(`${roots.proc}/device-tree/model`),
    findThermal(roots.sys),
    findGpu(roots.sys),
    findRails(roots.sys),
    readSensorText(roots.powerModeNames),
  ]);
  const modes = (names ?? '').matchAll(/^\s*<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>/gm);
  return {
    model: model === '' ? undefined : model,
    thermal,
    gpuFolder,
    rails,
    powerModes: new Map([...modes].map(([, id, name = '']) => [Number(id), name])),
  };
}

async function findThermal(sys: string): Promise<Sensors['thermal']> {
  const folder = `${sys}/class/thermal`;
  const zones = listNames(folder).filter((name) => name.startsWith('thermal_zone'));
  return Promise.all(
    zones.map(async (zone) => ({
      name: (await readSensorText(`${folder}/${zone}/type`)) ?? zone,
      file: `${folder}/${zone}/temp`,
    })),
  );
}

/** By generation of the Jetson: gm20b, gp10b, gv11b, ga10b; from JetPack 6 on `gpu`. Other boards' have no `load`. */
async function findGpu(sys: string): Promise<string | undefined> {
  const folder = `${sys}/class/devfreq`;
  for (const name of listNames(folder).filter((name) => /\.(gpu|g[a-z]\d+b)$/.test(name))) {
    if ((await readSensor(`${folder}/${name}/device/load`)) !== undefined) return `${folder}/${name}`;
  }
  return undefined;
}

/** Channels of the INA3221 power monitors that are wired; an unused one is labelled NC, sums have no current. */
async function findRails(sys: string): Promise<Sensors['rails']> {
  const rails: { name: string; voltageFile: string; currentFile: string }[] = [];
  for (const monitor of listNames(`${sys}/class/hwmon`).map((name) => `${sys}/class/hwmon/${name}`)) {
    if ((await readSensorText(`${monitor}/name`)) !== 'ina3221') continue;
    for (const channel of [1, 2, 3]) {
      const name = await readSensorText(`${monitor}/in${channel}_label`);
      if (name === undefined || name === 'NC') continue;
      rails.push({
        name,
        voltageFile: `${monitor}/in${channel}_input`,
        currentFile: `${monitor}/curr${channel}_input`,
      });
    }
  }
  return rails;
}

export type SensorFigures = Pick<Telemetry, 'model' | 'temperatures' | 'gpu' | 'power'>;

/** A sensor that gives no value just now is left out. */
export async function readSensors(sensors: Sensors, roots: MachineRoots): Promise<SensorFigures> {
  const [temperatures, rails, gpu, mode] = await Promise.all([
    Promise.all(sensors.thermal.map(readTemperature)),
    Promise.all(sensors.rails.map(readRail)),
    readGpu(sensors.gpuFolder),
    readPowerMode(sensors, roots),
  ]);
  const wired = rails.filter((rail) => rail !== undefined);
  return {
    model: sensors.model,
    temperatures: temperatures.filter((temperature) => temperature !== undefined),
    gpu,
    power: wired.length === 0 && mode === undefined ? undefined : { rails: wired, mode },
  };
}

async function readTemperature({ name, file }: Sensors['thermal'][number]) {
  const millidegrees = await readSensor(file);
  // Below: no temperature at all, but a driver's word for a zone that is off (-256000 on older Jetsons).
  if (millidegrees === undefined || millidegrees < -100_000) return undefined;
  return { name, celsius: rounded(millidegrees / 1_000) };
}

async function readRail({ name, voltageFile, currentFile }: Sensors['rails'][number]) {
  const [millivolts, milliamperes] = await Promise.all([readSensor(voltageFile), readSensor(currentFile)]);
  if (millivolts === undefined || milliamperes === undefined) return undefined;
  return { name, milliwatts: Math.round((millivolts * milliamperes) / 1_000) };
}

async function readGpu(folder: string | undefined): Promise<Telemetry['gpu']> {
  if (folder === undefined) return undefined;
  const [load, frequencyHz] = await Promise.all([
    readSensor(`${folder}/device/load`),
    readSensor(`${folder}/cur_freq`),
  ]);
  return load === undefined ? undefined : { usagePercent: rounded(load / 10), frequencyHz };
}

/** nvpmodel's file says `pmode:0002`; its configuration names the modes. */
async function readPowerMode(sensors: Sensors, roots: MachineRoots): Promise<string | undefined> {
  const match = /\bpmode:(\d+)/.exec((await readSensorText(roots.powerModeFile)) ?? '');
  if (match === null) return undefined;
  const id = Number(match[1]);
  return sensors.powerModes.get(id) ?? `mode ${id}`;
}
