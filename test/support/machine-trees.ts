/**
 * The files of /proc and /sys that telemetry reads, as three kinds of machines have them: names and formats of the real
 * ones, one moment each.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MachineRoots } from '../../source/telemetry/machine-files.ts';

export type Tree = Readonly<Record<string, string>>;

/** Writes a tree below `folder`. */
export function writeMachine(folder: string, tree: Tree): MachineRoots {
  for (const [name, content] of Object.entries(tree)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return {
    proc: join(folder, 'proc'),
    sys: join(folder, 'sys'),
    disk: folder,
    powerModeFile: join(folder, 'var/lib/nvpmodel/status'),
    powerModeNames: join(folder, 'etc/nvpmodel.conf'),
  };
}

const thermalZones = (zones: Readonly<Record<string, string>>): Tree =>
  Object.fromEntries(
    Object.entries(zones).flatMap(([type, temperature], index) => [
      [`sys/class/thermal/thermal_zone${index}/type`, `${type}\n`],
      [`sys/class/thermal/thermal_zone${index}/temp`, temperature],
    ]),
  );

const proc = (options: { readonly cores: number; readonly totalKb: number; readonly availableKb: number }): Tree => ({
  'proc/stat': [
    'cpu  1000 0 500 8000 500 0 0 0 0 0',
    ...Array.from({ length: options.cores }, (_, core) => `cpu${core} 100 0 50 800 50 0 0 0 0 0`),
    'intr 5 0 0',
    'ctxt 100',
    'btime 1790000000',
    '',
  ].join('\n'),
  'proc/meminfo': `MemTotal:       ${options.totalKb} kB\nMemFree:         1000000 kB\nMemAvailable:   ${options.availableKb} kB\nBuffers:          100000 kB\n`,
  'proc/loadavg': '1.25 0.75 0.50 2/345 6789\n',
  'proc/uptime': '12345.67 45678.90\n',
  'proc/net/dev': `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9999999   10    0    0    0     0          0         0  9999999   10    0    0    0     0       0          0
  eth0: 5000000   4000  0    0    0     0          0         0  700000    900   0    0    0     0       0          0
 wlan0:1000       10    0    0    0     0          0         0  2000      20    0    0    0     0       0          0
`,
});

/** AGX Orin, JetPack 6. Its camera zones are off, as they are while nothing uses them. */
export const ORIN: Tree = {
  ...proc({ cores: 8, totalKb: 31_800_000, availableKb: 23_850_000 }),
  'proc/device-tree/model': 'NVIDIA Jetson AGX Orin Developer Kit\0',
  ...thermalZones({
    'cpu-thermal': '48312\n',
    'gpu-thermal': '44906\n',
    'cv0-thermal': '',
    'soc0-thermal': '45500\n',
    'tj-thermal': '48312\n',
  }),
  'sys/class/thermal/cooling_device0/type': 'pwm-fan\n',
  'sys/class/devfreq/17000000.gpu/cur_freq': '612000000\n',
  'sys/class/devfreq/17000000.gpu/device/load': '437\n',
  'sys/class/devfreq/15340000.vic/cur_freq': '115200000\n',
  'sys/class/hwmon/hwmon0/name': 'tmp451\n',
  'sys/class/hwmon/hwmon3/name': 'ina3221\n',
  'sys/class/hwmon/hwmon3/in1_label': 'VDD_GPU_SOC\n',
  'sys/class/hwmon/hwmon3/in1_input': '19000\n',
  'sys/class/hwmon/hwmon3/curr1_input': '240\n',
  'sys/class/hwmon/hwmon3/in2_label': 'VDD_CPU_CV\n',
  'sys/class/hwmon/hwmon3/in2_input': '19000\n',
  'sys/class/hwmon/hwmon3/curr2_input': '80\n',
  'sys/class/hwmon/hwmon3/in3_label': 'VIN_SYS_5V0\n',
  'sys/class/hwmon/hwmon3/in3_input': '5024\n',
  'sys/class/hwmon/hwmon3/curr3_input': '720\n',
  'sys/class/hwmon/hwmon3/in7_label': 'sum of shunt voltages\n',
  'sys/class/hwmon/hwmon4/name': 'ina3221\n',
  'sys/class/hwmon/hwmon4/in1_label': 'NC\n',
  'sys/class/hwmon/hwmon4/in2_label': 'VDDQ_VDD2_1V8AO\n',
  'sys/class/hwmon/hwmon4/in2_input': '5016\n',
  'sys/class/hwmon/hwmon4/curr2_input': '96\n',
  'var/lib/nvpmodel/status': 'pmode:0002\n',
  'etc/nvpmodel.conf': `# comment
< PARAM TYPE=FILE NAME=CPU_ONLINE >
CORE_0 /sys/devices/system/cpu/cpu0/online
< POWER_MODEL ID=0 NAME=MAXN >
CPU_ONLINE CORE_0 1
< POWER_MODEL ID=2 NAME=MODE_30W >
< PM_CONFIG DEFAULT=2 >
`,
};

/** Raspberry Pi 5: a GPU with devfreq but without a load, no power monitor that names its rails. */
export const RASPBERRY_PI: Tree = {
  ...proc({ cores: 4, totalKb: 8_000_000, availableKb: 6_000_000 }),
  'proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
  ...thermalZones({ 'cpu-thermal': '57850\n' }),
  'sys/class/devfreq/1002000000.v3d/cur_freq': '960000000\n',
  'sys/class/hwmon/hwmon0/name': 'cpu_thermal\n',
  'sys/class/hwmon/hwmon0/temp1_input': '57850\n',
  'sys/class/hwmon/hwmon1/name': 'rp1_adc\n',
  'sys/class/hwmon/hwmon1/in1_input': '1400\n',
  'sys/class/hwmon/hwmon2/name': 'pwmfan\n',
  'sys/class/hwmon/hwmon3/name': 'rpi_volt\n',
  'sys/class/hwmon/hwmon3/in0_lcrit_alarm': '0\n',
};
