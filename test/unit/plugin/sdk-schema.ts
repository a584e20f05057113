/**
 * The package's schema, read from what the SDK for TypeScript declares: its interfaces, and their comments. What Pulumi
 * generates SDKs of other languages from is so never another than what TypeScript programs are written against.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";

const PACKAGE = "global-namespace";

/** Names that say too little outside of their interface. */
const NAMES: Readonly<Record<string, string>> = { State: "MemberState", Operator: "SelectorOperator" };

/** Of properties of types that have no name in the SDK, where a comment has no place. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  allow: "The commands that may run, as the kubeconfig spells them.",
  ambient: "The ambient mesh, with a waypoint.",
  revision: "The revision of Istio that injects.",
  tag: "A tag, which stands for a revision.",
};

const root = join(import.meta.dirname, "..", "..", "..");

export interface Property {
  description?: string;
  type?: string;
  $ref?: string;
  items?: Property;
  additionalProperties?: Property;
  oneOf?: Property[];
  secret?: boolean;
  default?: unknown;
  willReplaceOnChanges?: boolean;
}

export interface ObjectType {
  description?: string;
  type: "object";
  properties: Record<string, Property>;
  required: string[];
}

export interface EnumType {
  description?: string;
  type: "string";
  enum: { readonly value: string }[];
}

/** What cannot be told from the SDK. */
export interface Facts {
  /** By `Interface.property`. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** The same, of numbers that have no fraction. */
  readonly integers: readonly string[];
}

interface Member {
  readonly name: string;
  readonly type: ts.TypeNode;
  readonly optional: boolean;
  readonly description: string;
}

export function schemaOfSdk(facts: Facts): Record<string, unknown> {
  const files = [
    "sdk/mesh.ts",
    "sdk/global-namespace.ts",
    "sdk/global-namespaces.ts",
    "sdk/namespace-sync.ts",
    "sdk/plugin/functions.ts",
  ];
  const declarations = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.ClassDeclaration>();
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true).statements) {
      const isDeclaration =
        ts.isInterfaceDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement) ||
        ts.isClassDeclaration(statement);
      if (isDeclaration && statement.name !== undefined) declarations.set(statement.name.text, statement);
    }
  }
  const types: Record<string, ObjectType | EnumType> = {};

  /** Properties of an interface, and the types that they name. */
  const propertiesOf = (name: string): Pick<ObjectType, "properties" | "required"> => {
    const members = membersOf(name);
    const properties = members.map((member) => [member.name, propertyOf(name, member)] as const);
    return {
      properties: Object.fromEntries(properties),
      required: members.filter(({ optional }) => !optional).map((member) => member.name),
    };
  };

  const membersOf = (name: string): Member[] => {
    const declaration = declarations.get(name);
    if (declaration === undefined) throw new Error(`the SDK declares no ${name}`);
    if (ts.isTypeAliasDeclaration(declaration)) throw new Error(`${name} is no interface`);
    const inherited = ts.isInterfaceDeclaration(declaration)
      ? (declaration.heritageClauses ?? []).flatMap(({ types }) => types.flatMap((type) => membersOf(type.getText())))
      : [];
    return [...inherited, ...membersIn(declaration.members)];
  };

  const propertyOf = (owner: string, { name, type, description }: Member): Property => {
    const path = `${owner}.${name}`;
    const value = schemaOf(type, { owner, name });
    return {
      ...(description !== "" && { description }),
      ...(facts.integers.includes(path) ? { type: "integer" } : value),
      ...(Object.hasOwn(facts.defaults, path) && { default: facts.defaults[path] }),
      ...(name === "kubeconfig" && { secret: true }),
    };
  };

  const schemaOf = (type: ts.TypeNode, context: { readonly owner: string; readonly name: string }): Property => {
    if (ts.isParenthesizedTypeNode(type)) return schemaOf(type.type, context);
    if (ts.isArrayTypeNode(type)) return { type: "array", items: schemaOf(type.elementType, context) };
    if (ts.isUnionTypeNode(type)) return unionOf(type, context);
    if (ts.isTypeLiteralNode(type)) {
      const [index] = type.members;
      if (index !== undefined && ts.isIndexSignatureDeclaration(index)) {
        return { type: "object", additionalProperties: schemaOf(index.type, context) };
      }
      return define(capital(context.name), () => objectOf([type], ""));
    }
    if (ts.isTypeReferenceNode(type)) {
      const name = type.typeName.getText();
      const [argument] = type.typeArguments ?? [];
      if (["pulumi.Input", "pulumi.Output", "Partial"].includes(name) && argument !== undefined) {
        return schemaOf(argument, context);
      }
      return named(name);
    }
    const text = type.getText();
    if (["string", "number", "boolean"].includes(text)) return { type: text };
    throw new Error(`${context.owner}.${context.name}: there is no schema for ${text}`);
  };

  const unionOf = (union: ts.UnionTypeNode, context: { readonly owner: string; readonly name: string }): Property => {
    const members = union.types.filter((type) => type.getText() !== "undefined" && type.getText() !== "object");
    const literals = members.flatMap((type) =>
      ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? [type.literal.text] : [],
    );
    if (literals.length === members.length) return define(capital(context.name), () => enumOf(literals));
    const objects = members.filter(ts.isTypeLiteralNode).filter(({ members: [first] }) => first?.name !== undefined);
    const isRest = (type: ts.TypeNode) => !ts.isLiteralTypeNode(type) && !objects.includes(type as ts.TypeLiteralNode);
    const rest = members.filter(isRest).map((type) => schemaOf(type, context));
    const alternatives = [
      ...(literals.length > 0 && !rest.some(({ type }) => type === "string") ? [{ type: "string" }] : []),
      ...rest,
      ...(objects.length > 0
        ? [define(`${capital(context.name)}Choice`, () => objectOf(objects, "Exactly one of these."))]
        : []),
    ];
    return alternatives.length === 1 ? (alternatives[0] as Property) : { oneOf: alternatives };
  };

  const named = (name: string): Property => {
    const declaration = declarations.get(name);
    if (declaration === undefined) throw new Error(`the SDK declares no ${name}`);
    if (ts.isTypeAliasDeclaration(declaration))
      return omitted(name, declaration) ?? schemaOf(declaration.type, { owner: name, name });
    return define(name, () => ({ ...described(commentOf(declaration)), type: "object", ...propertiesOf(name) }));
  };

  /** `Omit<GlobalNamespaceArgs, "name">`, under the alias's name. */
  const omitted = (name: string, { type }: ts.TypeAliasDeclaration): Property | undefined => {
    if (!ts.isTypeReferenceNode(type) || type.typeName.getText() !== "Omit") return undefined;
    const [of, key] = type.typeArguments ?? [];
    const { properties, required } = propertiesOf(of?.getText() ?? "");
    const without = JSON.parse(key?.getText() ?? '""') as string;
    const kept = Object.entries(properties).filter(([property]) => property !== without);
    return define(name, () => ({ type: "object", properties: Object.fromEntries(kept), required }));
  };

  const define = (name: string, build: () => ObjectType | EnumType): Property => {
    // Generators add the suffix by themselves.
    const token = `${PACKAGE}:index:${NAMES[name] ?? name.replace(/Args$/, "")}`;
    if (types[token] === undefined) {
      types[token] = { type: "object", properties: {}, required: [] };
      types[token] = build();
    }
    return { type: types[token].type, $ref: `#/types/${token}` };
  };

  const objectOf = (literals: readonly ts.TypeLiteralNode[], description: string): ObjectType => {
    const members = literals.flatMap(({ members: each }) => membersIn(each));
    const properties = members.map((member) => {
      const description = DESCRIPTIONS[member.name] ?? member.description;
      return [member.name, propertyOf(capital(member.name), { ...member, description })] as const;
    });
    return { ...described(description), type: "object", properties: Object.fromEntries(properties), required: [] };
  };

  const resource = (name: string) => {
    const declaration = declarations.get(name);
    if (declaration === undefined) throw new Error(`the SDK declares no ${name}`);
    const inputs = propertiesOf(`${name}Args`);
    const outputs = propertiesOf(name);
    const isSet = (property: string) => !declaredOptional(declaration as ts.ClassDeclaration, property);
    return {
      description: commentOf(declaration),
      inputProperties: inputs.properties,
      requiredInputs: inputs.required,
      properties: { ...withoutDefaults(inputs.properties), ...outputs.properties },
      required: Object.keys(outputs.properties).filter(isSet).sort(),
    };
  };

  const operation = (name: string) => {
    const stem = capital(name);
    return {
      description: functionComment(name),
      inputs: { type: "object", ...propertiesOf(`${stem}Args`) },
      outputs: { type: "object", ...propertiesOf(`${stem}Result`) },
    };
  };

  const functionComment = (name: string): string => {
    const file = "sdk/plugin/functions.ts";
    const source = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.ES2022, true);
    const found = source.statements.filter(ts.isFunctionDeclaration).find((each) => each.name?.text === name);
    return found === undefined ? "" : commentOf(found);
  };

  const mesh = propertiesOf("MeshArgs");
  const owner: Property = {
    type: "string",
    description:
      "What the mesh's namespaces are owned by, and told apart by from those of other stacks. Default: organization/project/stack/name of the Mesh; give it where the backend has organizations and programs in TypeScript own namespaces too.",
  };
  const meshProperties = { ...mesh.properties, owner };
  const package_ = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
  const resources = Object.fromEntries(
    ["GlobalNamespace", "GlobalNamespaces", "NamespaceSync"].map((name) => [
      `${PACKAGE}:index:${name}`,
      resource(name),
    ]),
  );
  const functions = Object.fromEntries(
    ["getNamespaces", "getInjection"].map((name) => [`${PACKAGE}:index:${name}`, operation(name)]),
  );
  const meshClass = declarations.get("Mesh");
  return {
    name: PACKAGE,
    displayName: "Global Namespace",
    version: package_.version,
    description: package_.description,
    keywords: package_.keywords,
    license: package_.license,
    meta: { moduleFormat: "(.*)", supportPack: true },
    language: {
      go: { importBasePath: "global-namespace.dev/sdk/go/globalnamespace", generateResourceContainerTypes: false },
      nodejs: { packageName: "pulumi-global-namespace/plugin" },
      python: { packageName: "pulumi_global_namespace", pyproject: { enabled: true } },
    },
    config: { variables: meshProperties },
    provider: {
      description: meshClass === undefined ? "" : commentOf(meshClass),
      inputProperties: meshProperties,
      requiredInputs: [],
    },
    types: sorted(types),
    resources,
    functions,
  };
}

function membersIn(members: ts.NodeArray<ts.TypeElement | ts.ClassElement>): Member[] {
  return members.flatMap((member) => {
    const isPublic =
      (ts.isPropertySignature(member) || ts.isPropertyDeclaration(member)) &&
      !ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
    if (!isPublic || member.type === undefined) return [];
    const optional = member.questionToken !== undefined;
    return [{ name: member.name.getText(), type: member.type, optional, description: commentOf(member) }];
  });
}

function declaredOptional(declaration: ts.ClassDeclaration, property: string): boolean {
  const member = declaration.members.find((each) => each.name?.getText() === property);
  return member !== undefined && /\|\s*undefined>/.test(member.getText());
}

/** The comment as a reader of another language gets it. */
function commentOf(node: ts.Node): string {
  const text = ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => (typeof comment === "string" ? comment : (ts.getTextOfJSDocComment(comment) ?? "")))
    .join("\n\n");
  return text
    .replace(/\{@link (\w+)\}/g, "`$1`")
    .replace(/([^\n])\n(?!\n)/g, "$1 ")
    .trim();
}

function enumOf(values: readonly string[]): EnumType {
  return { type: "string", enum: values.map((value) => ({ value })) };
}

function described(description: string): { description?: string } {
  return description === "" ? {} : { description };
}

/** An output has what was given or nothing. */
function withoutDefaults(properties: Readonly<Record<string, Property>>): Record<string, Property> {
  return Object.fromEntries(Object.entries(properties).map(([name, { default: _, ...rest }]) => [name, rest]));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
