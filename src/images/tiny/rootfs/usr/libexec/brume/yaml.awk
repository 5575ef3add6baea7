# Flattens the part of YAML that people write in #cloud-config into "path<TAB>value" lines:
#   users:                      users.0<TAB>default
#     - default                 users.1.name<TAB>alice
#     - name: alice
# Understood: maps, lists, plain and quoted scalars, | and > blocks, [flow, lists], {flow: maps}, comments, "---".
# Values carry \n, \t and \\ escaped. With -v folder=DIR each value becomes a file of that path instead, as it is.
# Anchors, aliases, tags and tabs as indentation are refused with
# their line number and exit status 2: a wrong guess would be worse than none.

{ sub(/\r$/, ""); line[NR] = $0 }

END {
  if (failed) exit 2
  last = NR; at = 1
  skip_blank()
  if (at <= last && line[at] ~ /^---[ ]*$/) { at++; skip_blank() }
  if (at <= last) parse_node("", indent_of(line[at]))
  skip_blank()
  if (!failed && at <= last && line[at] !~ /^(---|\.\.\.)/) fail("not understood: " line[at])
  exit failed ? 2 : 0
}

function fail(message) {
  if (!failed) print "line " at ": " message > "/dev/stderr"
  failed = 1; at = last + 1
}

function indent_of(text) { match(text, /^ */); return RLENGTH }

function trim(text) { sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text); return text }

function is_blank(text) { return text ~ /^[ \t]*(#.*)?$/ }

function skip_blank() { while (at <= last && is_blank(line[at])) at++ }

function join_path(path, key) { return path == "" ? key : path "." key }

function emit(path, value) {
  if (folder != "") {
    # A key that is no plain word is none that anybody asks for.
    if (path !~ /^[A-Za-z0-9_.-]+$/) return
    printf "%s", value > (folder "/" path)
    close(folder "/" path)
    return
  }
  gsub(/\\/, "\\\\", value); gsub(/\n/, "\\n", value); gsub(/\t/, "\\t", value)
  print path "\t" value
}

function spaces(count,    out) { out = ""; while (count-- > 0) out = out " "; return out }

# Is this text "key: value" or "key:"? Sets key_name and key_rest.
function split_key(text,    quote, end) {
  quote = substr(text, 1, 1)
  if (quote == "\"" || quote == "'") {
    end = index(substr(text, 2), quote)
    if (!end || substr(text, end + 2) !~ /^:([ ]|$)/) return 0
    key_name = substr(text, 2, end - 1); key_rest = trim(substr(text, end + 3))
    return 1
  }
  if (quote == "[" || quote == "{" || quote == "#") return 0
  if (!match(text, /:([ ]|$)/)) return 0
  key_name = trim(substr(text, 1, RSTART - 1)); key_rest = trim(substr(text, RSTART + 1))
  return key_name != ""
}

function parse_node(path, indent,    text) {
  skip_blank()
  if (at > last || failed) return
  if (line[at] ~ /^ *\t/) { fail("a tab as indentation"); return }
  if (indent_of(line[at]) < indent) return
  text = substr(line[at], indent + 1)
  if (text ~ /^-([ ]|$)/) parse_list(path, indent)
  else if (split_key(text)) parse_map(path, indent)
  else { parse_value(path, trim(text), indent - 1) }
}

function parse_list(path, indent,    count, rest, offset) {
  count = 0
  for (skip_blank(); at <= last && !failed; skip_blank()) {
    if (indent_of(line[at]) != indent || substr(line[at], indent + 1) !~ /^-([ ]|$)/) break
    rest = substr(line[at], indent + 2)
    offset = indent + 1 + indent_of(rest)
    rest = trim(rest)
    if (rest == "" || rest ~ /^#/) {
      at++; skip_blank()
      if (at <= last && indent_of(line[at]) > indent) parse_node(join_path(path, count), indent_of(line[at]))
      else emit(join_path(path, count), "")
    } else if (rest ~ /^-([ ]|$)/ || split_key(rest)) {
      line[at] = spaces(offset) rest
      parse_node(join_path(path, count), offset)
    } else parse_value(join_path(path, count), rest, indent)
    count++
  }
}

function parse_map(path, indent,    name, next_indent) {
  for (skip_blank(); at <= last && !failed; skip_blank()) {
    if (indent_of(line[at]) != indent) {
      if (indent_of(line[at]) > indent) fail("indentation")
      break
    }
    if (line[at] ~ /^(---|\.\.\.)/ || !split_key(substr(line[at], indent + 1))) break
    name = join_path(path, key_name)
    if (key_rest == "" || key_rest ~ /^#/) {
      at++; skip_blank()
      next_indent = at <= last ? indent_of(line[at]) : -1
      if (next_indent > indent || (next_indent == indent && substr(line[at], indent + 1) ~ /^-([ ]|$)/))
        parse_node(name, next_indent)
      else emit(name, "")
    } else parse_value(name, key_rest, indent)
  }
}

# A value whose first line is `rest`; it may go on below, indented deeper than `indent`. Moves past it.
function parse_value(path, rest, indent) {
  if (rest ~ /^[|>][-+0-9]*([ ]+#.*)?$/) parse_block(path, rest, indent)
  else if (rest ~ /^[&*!%@`]/) fail("not supported: " rest)
  else if (rest ~ /^[\[{]/) {
    at++
    while (!flow_complete(rest) && at <= last) rest = rest " " trim(line[at++])
    if (!flow_complete(rest)) { fail("a list or map in brackets does not end"); return }
    flow_text = rest; flow_at = 1
    parse_flow(path)
  } else if (rest ~ /^["']/) {
    at++
    while (!quote_length(rest) && at <= last) rest = rest (is_blank(line[at]) ? "\n" : " ") trim(line[at++])
    if (!quote_length(rest)) { fail("a quoted text does not end"); return }
    emit(path, unquote(substr(rest, 1, quote_length(rest))))
  } else {
    sub(/[ \t]+#.*$/, "", rest)
    at++
    while (at <= last && !is_blank(line[at]) && indent_of(line[at]) > indent) {
      rest = rest " " trim(line[at]); sub(/[ \t]+#.*$/, "", rest); at++
    }
    emit(path, plain(rest))
  }
}

function plain(text) { return text == "~" || text == "null" ? "" : text }

function parse_block(path, header, indent,    body, own, text, blank, folded, keep, previous) {
  folded = substr(header, 1, 1) == ">"
  keep = header ~ /\+/ ? 2 : header ~ /-/ ? 0 : 1
  own = match(header, /[1-9]/) ? (indent < 0 ? 0 : indent) + substr(header, RSTART, 1) : 0
  body = ""; blank = ""; previous = ""
  for (at++; at <= last; at++) {
    text = line[at]
    if (text ~ /^[ ]*$/) { blank = blank "\n"; continue }
    if (!own) own = indent_of(text)
    if (indent_of(text) <= indent || indent_of(text) < own) break
    text = substr(text, own + 1)
    if (!folded) body = body blank text "\n"
    else if (body == "") body = blank text
    else if (blank != "") body = body blank text
    else body = body (text ~ /^ / || previous ~ /^ / ? "\n" : " ") text
    previous = text; blank = ""
  }
  if (folded && body != "") body = body "\n"
  if (keep == 0) sub(/\n+$/, "", body)
  if (keep == 2) body = body blank
  emit(path, body)
}

# Length of the quoted text at the start of `text`, or 0 when it does not end there.
function quote_length(text,    quote, i, c) {
  quote = substr(text, 1, 1)
  for (i = 2; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (quote == "\"" && c == "\\") { i++; continue }
    if (c != quote) continue
    if (quote == "'" && substr(text, i + 1, 1) == "'") { i++; continue }
    return i
  }
  return 0
}

function unquote(text,    quote, out, i, c) {
  quote = substr(text, 1, 1)
  text = substr(text, 2, length(text) - 2)
  if (quote == "'") { gsub(/''/, "'", text); return text }
  out = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c != "\\") { out = out c; continue }
    c = substr(text, ++i, 1)
    if (c == "n") out = out "\n"
    else if (c == "t") out = out "\t"
    else if (c == "r") out = out "\r"
    else if (c == "e") out = out sprintf("%c", 27)
    else if (c == "x") { out = out sprintf("%c", hex(substr(text, i + 1, 2))); i += 2 }
    else out = out c
  }
  return out
}

function hex(text,    i, value) {
  value = 0
  for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", tolower(substr(text, i, 1))) - 1
  return value
}

function flow_complete(text,    i, c, depth, skip) {
  depth = 0
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\"" || c == "'") {
      skip = quote_length(substr(text, i))
      if (!skip) return 0
      i += skip - 1
    } else if (c == "[" || c == "{") depth++
    else if (c == "]" || c == "}") { if (--depth == 0) return 1 }
  }
  return 0
}

function flow_space() { while (substr(flow_text, flow_at, 1) == " ") flow_at++ }

# One value of flow_text at flow_at.
function parse_flow(path,    open, close_with, count, key) {
  flow_space()
  open = substr(flow_text, flow_at, 1)
  if (open != "[" && open != "{") { emit(path, flow_scalar("[],{}")); return }
  close_with = open == "[" ? "]" : "}"
  flow_at++; count = 0
  while (!failed) {
    flow_space()
    if (substr(flow_text, flow_at, 1) == close_with) { flow_at++; return }
    if (flow_at > length(flow_text)) { fail("brackets"); return }
    if (open == "{") {
      key = flow_scalar(":,{}[]")
      flow_space()
      if (substr(flow_text, flow_at, 1) != ":") { fail("a map in braces without a colon"); return }
      flow_at++
      parse_flow(join_path(path, key))
    } else parse_flow(join_path(path, count++))
    flow_space()
    if (substr(flow_text, flow_at, 1) == ",") flow_at++
  }
}

function flow_scalar(stops,    size, start, c) {
  c = substr(flow_text, flow_at, 1)
  if (c == "\"" || c == "'") {
    size = quote_length(substr(flow_text, flow_at))
    start = flow_at; flow_at += size
    return unquote(substr(flow_text, start, size))
  }
  start = flow_at
  while (flow_at <= length(flow_text)) {
    c = substr(flow_text, flow_at, 1)
    # A colon inside a word, as in an address, is no separator.
    if (index(stops, c) && !(c == ":" && substr(flow_text, flow_at + 1, 1) !~ /^[ ,}\]]?$/)) break
    flow_at++
  }
  return plain(trim(substr(flow_text, start, flow_at - start)))
}
