/** The same tests, with the plugin. */

import { useFace } from "../face.ts";

useFace("plugin");
await import("../network-fault.test.ts");
