import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** What is used of it here; TypeScript has its types only together with the browser's. */
declare const WebAssembly: {
  readonly Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): readonly { readonly module: string; readonly name: string }[];
    exports(module: object): readonly { readonly name: string }[];
  };
};

/**
 * Bundles `import * as wasm from './x.wasm'` the way the WebAssembly ESM integration would, with the bytes inline, so
 * that the result needs neither a flag nor a file beside it.
 * Source: https://github.com/WebAssembly/esm-integration
 */
export const inlineWasm: Plugin = {
  name: 'inline-wasm',
  setup(build) {
    build.onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
      const bytes = await readFile(path);
      const module = new WebAssembly.Module(bytes);
      const importedModules = [...new Set(WebAssembly.Module.imports(module).map((entry) => entry.module))];
      const exportedNames = WebAssembly.Module.exports(module).map((entry) => entry.name);
      const lines = [
        ...importedModules.map((name, index) => `import * as import${index} from ${JSON.stringify(name)};`),
        `const bytes = Buffer.from(${JSON.stringify(bytes.toString('base64'))}, 'base64');`,
        'const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {',
        ...importedModules.map((name, index) => `  ${JSON.stringify(name)}: import${index},`),
        '});',
        ...exportedNames.map((name, index) => `const export${index} = instance.exports[${JSON.stringify(name)}];`),
        `export { ${exportedNames.map((name, index) => `export${index} as ${JSON.stringify(name)}`).join(', ')} };`,
      ];
      return { contents: lines.join('\n'), loader: 'js' };
    });
  },
};
