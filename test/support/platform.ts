import type {Platform} from '../../src/platform/platform.js';

/** A platform with some methods replaced. */
export function instead(platform: Platform, methods: Partial<Platform>): Platform {
  return new Proxy(platform, {
    get(of, key) {
      const value = Reflect.get(key in methods ? methods : of, key);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}
