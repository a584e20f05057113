// node scripts/json.mjs EXPRESSION: reads JSON as `value` from standard input and prints what the expression makes of it.
import { readFileSync } from "node:fs";

const value = JSON.parse(readFileSync(0, "utf8"));
console.log(new Function("value", "env", `return (${process.argv[2]})`)(value, process.env));
