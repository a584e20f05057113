/**
 * Writes docs/reference.md from the doc comments in sdk/, or says with `--check` that it is not what they say. A comment
 * that leaves out what a user must know is a failure: each property has one, each optional input says its default, each
 * input of a resource what a change of it does.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./root.mjs";

const page = join(root, "docs", "reference.md");

const head = `# Reference

Every class, input and output, and the functions that the [plugin](faces.md) has besides. Written by \`npm run reference\` from the comments in \`sdk/\`, which an editor shows as well.
`;

const missing = [];
const files = [...modulesOf("index.ts"), "plugin/functions.ts"].map(parse);
const text = format(
  [head, ...files.flatMap(classesOf), ...files.flatMap(functionsOf), "## Types\n", ...files.flatMap(typesOf)].join(
    "\n",
  ),
);
if (missing.length > 0) {
  fail(missing.join("\n"));
} else if (!process.argv.includes("--check")) {
  writeFileSync(page, text);
} else if (text !== readFileSync(page, "utf8")) {
  fail('docs/reference.md is not what the comments in sdk/ say: run "npm run reference"');
}

/** The files that the index exports, in its order. */
function modulesOf(index) {
  const names = readFileSync(join(root, "sdk", index), "utf8").matchAll(/^export .* from "\.\/([\w-]+)";$/gm);
  return [...names].map(([, name]) => `${name}.ts`);
}

function parse(name) {
  const path = join(root, "sdk", name);
  return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true);
}

function exported(file, isWanted) {
  return file.statements.filter(
    (each) => isWanted(each) && each.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
  );
}

function classesOf(file) {
  return exported(file, ts.isClassDeclaration).flatMap((each) => {
    const name = each.name.text;
    const args = argumentsOf(each);
    const inputs = interfaceOf(args)?.members ?? [];
    const outputs = each.members.filter((member) => ts.isPropertyDeclaration(member) && isPublic(member));
    const methods = each.members.filter((member) => ts.isMethodDeclaration(member) && isPublic(member));
    return [
      `## ${name}\n`,
      docOf(each, name),
      ...section("Inputs", name, inputs, (input) => property(input, args, { isInput: true, ofResource: true })),
      ...section("Outputs", name, outputs, (output) => property(output, name)),
      ...section("Methods", name, methods, (method) => signature(method, name)),
    ];
  });
}

function section(title, name, members, describe) {
  return members.length === 0 ? [] : [`### ${title} of ${name}\n`, ...members.map(describe)];
}

function functionsOf(file) {
  return exported(file, ts.isFunctionDeclaration).flatMap((each) => [`## ${each.name.text}\n`, signature(each, "sdk")]);
}

/** What the classes' inputs and outputs are made of. */
function typesOf(file) {
  const inputs = exported(file, ts.isClassDeclaration).map(argumentsOf);
  return exported(file, isType)
    .filter(({ name }) => !inputs.includes(name.text))
    .flatMap((each) => {
      const name = each.name.text;
      const title = [`### ${name}\n`, docOf(each, name)];
      if (ts.isTypeAliasDeclaration(each)) return [...title, code(`type ${name} = ${typeText(each.type)}`)];
      const base = each.heritageClauses?.[0]?.types[0]?.expression.getText();
      if (base !== undefined) title.push(`Besides, what ${linkTo(base)} has.\n`);
      return [...title, ...each.members.map((member) => property(member, name, { isInput: name.endsWith("Args") }))];
    });
}

function isType(node) {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function property(node, owner, { isInput = false, ofResource = false } = {}) {
  const name = node.name.getText();
  const where = `${owner}.${name}`;
  const doc = docOf(node, where);
  const isOptional = node.questionToken !== undefined;
  if (isInput && isOptional && !/\bdefault\b/i.test(doc)) missing.push(`sdk: ${where} does not say its default`);
  if (ofResource && !/\bchang/i.test(doc)) missing.push(`sdk: ${where} does not say what a change of it does`);
  const need = isInput && !isOptional ? ", required" : "";
  const type = typeText(node.type);
  const links = files
    .flatMap((file) => exported(file, isType))
    .map((each) => each.name.text)
    .filter((each) => new RegExp(`\\b${each}\\b`).test(type));
  const more = links.length === 0 ? "" : ` (${links.map(linkTo).join(", ")})`;
  return `- **\`${name}\`** \`${type}\`${more}${need}<br>\n  ${doc.trimEnd().replaceAll("\n", "\n  ")}\n`;
}

function signature(node, owner) {
  const name = node.name.getText();
  const parameters = node.parameters.map((each) => each.getText()).join(", ");
  return `${code(`${name}(${parameters}): ${node.type.getText()}`)}\n${docOf(node, `${owner}.${name}`)}`;
}

function code(line) {
  return `\`\`\`text\n${line}\n\`\`\`\n`;
}

function argumentsOf(node) {
  const made = node.members.find(ts.isConstructorDeclaration);
  return made?.parameters.find((each) => each.name.getText() === "args")?.type?.getText();
}

function interfaceOf(name) {
  const all = files.flatMap((file) => exported(file, ts.isInterfaceDeclaration));
  return all.find((each) => each.name.text === name);
}

function isPublic(member) {
  return !member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
}

/** A comment as paragraphs, each on one line. */
function docOf(node, where) {
  const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
  if (comment === undefined) {
    missing.push(`sdk: ${where} has no doc comment`);
    return "";
  }
  const body = comment.getText().replace(/^\/\*\*|\*\/$/g, "");
  const lines = body.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trim());
  const paragraphs = lines.join("\n").trim().split("\n\n");
  const joined = paragraphs.map((each) => each.replaceAll("\n", " ")).join("\n\n");
  return `${joined.replace(/\{@link (\w+)\}/g, (_, name) => linkTo(name))}\n`;
}

/** The arguments of a class stand under its inputs. */
function linkTo(name) {
  const owner = files
    .flatMap((file) => exported(file, ts.isClassDeclaration))
    .find((each) => argumentsOf(each) === name);
  const heading = owner === undefined ? name : `inputs-of-${owner.name.text}`;
  return `[${name}](#${heading.toLowerCase()})`;
}

/** As a user thinks of it: `Input` and `Output` are what everything in Pulumi is. */
function typeText(type) {
  let text = type.getText().replace(/\s+/g, " ");
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(/pulumi\.(?:Input|Output)<([^<>]*)>(\[\])?/g, (_, inner, list = "") =>
      list !== "" && inner.includes(" | ") ? `(${inner})[]` : `${inner}${list}`,
    );
  }
  return text.replace(/^\| /, "");
}

function format(markdown) {
  return `${markdown.replace(/\n{3,}/g, "\n\n").trim()}\n`;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
