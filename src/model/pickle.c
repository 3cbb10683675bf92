/* SPDX-License-Identifier: Apache-2.0
 *
 * The pickle machine: a stack of values' numbers, a memo of them, and one function for each group of instructions.
 */
#include "model/pickle.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The most values that a pickle may make; a network of a thousand layers takes a tenth. */
enum { MAX_VALUES = 1 << 20 };

/* On the stack: where a list of operands begins. */
#define MARK UINT32_MAX

struct SolPickle {
    SolPickleValue *values;
    size_t count, capacity;
    size_t items; /* of all lists */
    uint32_t root;
};

typedef struct Numbers {
    uint32_t *items;
    size_t count, capacity;
} Numbers;

typedef struct Machine {
    SolPickle *pickle;
    const unsigned char *start, *at, *end;
    Numbers stack, memo;
} Machine;

/* ---- names ---- */

/* What is done when a name is called. */
typedef enum Call {
    CALL_NONE, /* a type; it is not called */
    CALL_DICT,
    CALL_SIZE,
    CALL_TENSOR,
    CALL_PARAMETER
} Call;

static const struct {
    const char *module, *name;
    Call call;
    SolDtype dtype; /* of a storage */
    bool storage;
    size_t low, high; /* how many arguments its call takes */
} names[] = {
    {"collections", "OrderedDict", CALL_DICT, SOL_F32, false, 0, 1},
    {"torch", "Size", CALL_SIZE, SOL_F32, false, 1, 1},
    {"torch._utils", "_rebuild_tensor", CALL_TENSOR, SOL_F32, false, 4, 4},
    {"torch._utils", "_rebuild_tensor_v2", CALL_TENSOR, SOL_F32, false, 6, 7},
    {"torch._utils", "_rebuild_parameter", CALL_PARAMETER, SOL_F32, false, 3, 3},
    {"torch._utils", "_rebuild_parameter_with_state", CALL_PARAMETER, SOL_F32, false, 4, 4},
    {"torch", "FloatStorage", CALL_NONE, SOL_F32, true, 0, 0},
    {"torch", "HalfStorage", CALL_NONE, SOL_F16, true, 0, 0},
    {"torch", "BFloat16Storage", CALL_NONE, SOL_BF16, true, 0, 0},
    {"torch", "DoubleStorage", CALL_NONE, SOL_F64, true, 0, 0},
    {"torch", "LongStorage", CALL_NONE, SOL_I64, true, 0, 0},
    {"torch", "IntStorage", CALL_NONE, SOL_I32, true, 0, 0},
    {"torch", "ShortStorage", CALL_NONE, SOL_I16, true, 0, 0},
    {"torch", "CharStorage", CALL_NONE, SOL_I8, true, 0, 0},
    {"torch", "ByteStorage", CALL_NONE, SOL_U8, true, 0, 0},
    {"torch", "BoolStorage", CALL_NONE, SOL_BOOL, true, 0, 0},
};

enum { NAMES = sizeof names / sizeof names[0] };

/* Instructions that no tensor takes, by their names in Python's pickletools. */
static const struct {
    unsigned char code;
    const char *name;
} others[] = {
    {'I', "INT"}, {'L', "LONG"}, {0x8b, "LONG4"}, {'S', "STRING"}, {'B', "BINBYTES"}, {'C', "SHORT_BINBYTES"},
    {0x8e, "BINBYTES8"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}, {'V', "UNICODE"},
    {0x8d, "BINUNICODE8"}, {'F', "FLOAT"}, {'l', "LIST"}, {'d', "DICT"}, {0x8f, "EMPTY_SET"}, {0x90, "ADDITEMS"},
    {0x91, "FROZENSET"}, {'2', "DUP"}, {'g', "GET"}, {'p', "PUT"}, {0x82, "EXT1"}, {0x83, "EXT2"}, {0x84, "EXT4"},
    {'i', "INST"}, {'o', "OBJ"}, {0x81, "NEWOBJ"}, {0x92, "NEWOBJ_EX"}, {'P', "PERSID"}, {'0', "POP"},
    {'1', "POP_MARK"},
};

static int refuse_instruction(unsigned char code)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].code == code)
            return sol_fail(SOL_ERR_FORMAT, "the instruction %s, which no tensor takes, is refused", others[i].name);
    return sol_fail(SOL_ERR_FORMAT, "there is no instruction 0x%02x", code);
}

/* ---- reading ---- */

static int cut_short(void)
{
    return sol_fail(SOL_ERR_FORMAT, "it is cut short");
}

/* The next `size` bytes; NULL where there are fewer. */
static const unsigned char *take(Machine *machine, size_t size)
{
    const unsigned char *bytes = machine->at;
    if ((size_t)(machine->end - machine->at) < size)
        return NULL;
    machine->at += size;
    return bytes;
}

/* A little-endian count of 1 to 8 bytes. */
static int take_count(Machine *machine, size_t size, uint64_t *count)
{
    const unsigned char *bytes = take(machine, size);
    if (!bytes)
        return cut_short();
    *count = 0;
    for (size_t i = 0; i < size; i++)
        *count |= (uint64_t)bytes[i] << (8 * i);
    return SOL_OK;
}

/* ---- the stack ---- */

static int push_number(Numbers *numbers, uint32_t number)
{
    if (!sol_grow((void **)&numbers->items, &numbers->capacity, numbers->count + 1, sizeof *numbers->items))
        return sol_fail_memory("a pickle");
    numbers->items[numbers->count++] = number;
    return SOL_OK;
}

static int push(Machine *machine, SolPickleValue value)
{
    SolPickle *pickle = machine->pickle;
    if (pickle->count == MAX_VALUES)
        return sol_fail(SOL_ERR_FORMAT, "it has more than %d values", (int)MAX_VALUES);
    if (!sol_grow((void **)&pickle->values, &pickle->capacity, pickle->count + 1, sizeof *pickle->values))
        return sol_fail_memory("a pickle");
    pickle->values[pickle->count] = value;
    return push_number(&machine->stack, (uint32_t)pickle->count++);
}

static int push_kind(Machine *machine, SolPickleKind kind)
{
    return push(machine, (SolPickleValue){.kind = kind});
}

static int push_integer(Machine *machine, SolPickleKind kind, int64_t integer)
{
    return push(machine, (SolPickleValue){.kind = kind, .of.integer = integer});
}

static int pop(Machine *machine, uint32_t *number)
{
    Numbers *stack = &machine->stack;
    if (stack->count == 0 || stack->items[stack->count - 1] == MARK)
        return sol_fail(SOL_ERR_FORMAT, "an instruction finds too few values");
    *number = stack->items[--stack->count];
    return SOL_OK;
}

static SolPickleValue *value_of(Machine *machine, uint32_t number)
{
    return &machine->pickle->values[number];
}

/* The value on top, which stays there and must be of this kind. */
static int peek(Machine *machine, SolPickleKind kind, SolPickleValue **value)
{
    const Numbers *stack = &machine->stack;
    if (stack->count == 0 || stack->items[stack->count - 1] == MARK)
        return sol_fail(SOL_ERR_FORMAT, "an instruction finds too few values");
    *value = value_of(machine, stack->items[stack->count - 1]);
    return (*value)->kind == kind ? SOL_OK : sol_fail(SOL_ERR_FORMAT, "an instruction finds a value of another kind");
}

/* The operands above the topmost mark, which stay where they are; *first is the place of the lowest. */
static int find_mark(const Machine *machine, size_t *first)
{
    for (size_t i = machine->stack.count; i > 0; i--)
        if (machine->stack.items[i - 1] == MARK) {
            *first = i;
            return SOL_OK;
        }
    return sol_fail(SOL_ERR_FORMAT, "an instruction finds no mark");
}

/* Every item of a list takes a byte of the pickle or more; copies of one list, over and over, would not. */
static int append(Machine *machine, SolPickleValue *list, const uint32_t items[], size_t count)
{
    if (count > (size_t)(machine->end - machine->start) - machine->pickle->items)
        return sol_fail(SOL_ERR_FORMAT, "its lists are longer than the pickle itself");
    machine->pickle->items += count;
    if (!sol_grow((void **)&list->of.list.items, &list->of.list.capacity, list->of.list.count + count,
                  sizeof *items))
        return sol_fail_memory("a pickle");
    if (count > 0)
        memcpy(list->of.list.items + list->of.list.count, items, count * sizeof *items);
    list->of.list.count += count;
    return SOL_OK;
}

/* A tuple of the topmost `count` values, in their place. */
static int make_tuple(Machine *machine, size_t count)
{
    Numbers *stack = &machine->stack;
    SolPickleValue tuple = {.kind = SOL_PICKLE_TUPLE};
    int result = SOL_OK;
    if (stack->count < count)
        return sol_fail(SOL_ERR_FORMAT, "an instruction finds too few values");
    for (size_t i = stack->count - count; i < stack->count; i++)
        if (stack->items[i] == MARK)
            return sol_fail(SOL_ERR_FORMAT, "an instruction finds too few values");
    if (count > 0)
        result = append(machine, &tuple, stack->items + stack->count - count, count);
    if (result == SOL_OK) {
        stack->count -= count;
        result = push(machine, tuple);
    }
    if (result != SOL_OK)
        free(tuple.of.list.items);
    return result;
}

static int make_marked_tuple(Machine *machine)
{
    size_t first = 0, count;
    int result = find_mark(machine, &first);
    if (result != SOL_OK)
        return result;
    count = machine->stack.count - first;
    memmove(machine->stack.items + first - 1, machine->stack.items + first, count * sizeof *machine->stack.items);
    machine->stack.count--;
    return make_tuple(machine, count);
}

/* Appends the topmost value, or those above the mark, to the list or dictionary below. */
static int add_items(Machine *machine, SolPickleKind kind, bool marked)
{
    Numbers *stack = &machine->stack;
    size_t first = 0, count = kind == SOL_PICKLE_DICT ? 2 : 1, below;
    SolPickleValue *to = NULL;
    int result = marked ? find_mark(machine, &first) : SOL_OK;
    if (result != SOL_OK)
        return result;
    if (marked)
        count = stack->count - first;
    else if (stack->count < count)
        return sol_fail(SOL_ERR_FORMAT, "an instruction finds too few values");
    else
        first = stack->count - count;
    below = first - (marked ? 1 : 0);
    for (size_t i = first; i < stack->count; i++)
        if (stack->items[i] == MARK)
            return sol_fail(SOL_ERR_FORMAT, "an instruction finds too few values");
    if (kind == SOL_PICKLE_DICT && count % 2 != 0)
        return sol_fail(SOL_ERR_FORMAT, "a key without a value");
    stack->count = below;
    result = peek(machine, kind, &to);
    return result == SOL_OK ? append(machine, to, stack->items + first, count) : result;
}

/* ---- calls ---- */

/* Argument `i` of a call; it must be of this kind. */
static int argument(Machine *machine, const SolPickleValue *arguments, size_t i, SolPickleKind kind, uint32_t *number)
{
    *number = arguments->of.list.items[i];
    return value_of(machine, *number)->kind == kind
               ? SOL_OK
               : sol_fail(SOL_ERR_FORMAT, "a tensor is described in a way that is not known");
}

/* collections.OrderedDict() or OrderedDict([[key, value], ..]). */
static int call_dict(Machine *machine, const SolPickleValue *arguments)
{
    SolPickleValue dict = {.kind = SOL_PICKLE_DICT};
    const SolPickleValue *pairs;
    int result = SOL_OK;
    if (arguments->of.list.count == 1) {
        pairs = value_of(machine, arguments->of.list.items[0]);
        if (pairs->kind != SOL_PICKLE_LIST)
            return sol_fail(SOL_ERR_FORMAT, "a dictionary of something else than pairs");
        for (size_t i = 0; i < pairs->of.list.count && result == SOL_OK; i++) {
            const SolPickleValue *pair = value_of(machine, pairs->of.list.items[i]);
            if ((pair->kind != SOL_PICKLE_LIST && pair->kind != SOL_PICKLE_TUPLE) || pair->of.list.count != 2)
                result = sol_fail(SOL_ERR_FORMAT, "a dictionary of something else than pairs");
            else
                result = append(machine, &dict, pair->of.list.items, 2);
        }
    }
    if (result == SOL_OK)
        result = push(machine, dict);
    if (result != SOL_OK)
        free(dict.of.list.items);
    return result;
}

static bool is_integers(Machine *machine, uint32_t tuple)
{
    const SolPickleValue *value = value_of(machine, tuple);
    for (size_t i = 0; i < value->of.list.count; i++)
        if (value_of(machine, value->of.list.items[i])->kind != SOL_PICKLE_INT)
            return false;
    return true;
}

/* _rebuild_tensor[_v2](storage, offset, size, stride, ..). */
static int call_tensor(Machine *machine, const SolPickleValue *arguments)
{
    SolPickleValue tensor = {.kind = SOL_PICKLE_TENSOR};
    uint32_t offset;
    int result = argument(machine, arguments, 0, SOL_PICKLE_STORAGE, &tensor.of.tensor.storage);
    if (result == SOL_OK)
        result = argument(machine, arguments, 1, SOL_PICKLE_INT, &offset);
    if (result == SOL_OK)
        result = argument(machine, arguments, 2, SOL_PICKLE_TUPLE, &tensor.of.tensor.size);
    if (result == SOL_OK)
        result = argument(machine, arguments, 3, SOL_PICKLE_TUPLE, &tensor.of.tensor.stride);
    if (result != SOL_OK)
        return result;
    if (!is_integers(machine, tensor.of.tensor.size) || !is_integers(machine, tensor.of.tensor.stride) ||
        value_of(machine, tensor.of.tensor.size)->of.list.count !=
            value_of(machine, tensor.of.tensor.stride)->of.list.count)
        return sol_fail(SOL_ERR_FORMAT, "a tensor is described in a way that is not known");
    tensor.of.tensor.offset = value_of(machine, offset)->of.integer;
    return push(machine, tensor);
}

static int call(Machine *machine)
{
    uint32_t arguments_number = 0, called = 0, given;
    SolPickleValue arguments, *name;
    int result = pop(machine, &arguments_number);
    if (result == SOL_OK)
        result = pop(machine, &called);
    if (result != SOL_OK)
        return result;
    arguments = *value_of(machine, arguments_number); /* values move as they get more */
    name = value_of(machine, called);
    if (name->kind != SOL_PICKLE_NAME || arguments.kind != SOL_PICKLE_TUPLE)
        return sol_fail(SOL_ERR_FORMAT, "something is called that is no function");
    if (names[name->of.name].call == CALL_NONE || arguments.of.list.count < names[name->of.name].low ||
        arguments.of.list.count > names[name->of.name].high)
        return sol_fail(SOL_ERR_FORMAT, "a call of %s.%s with %zu arguments is refused", names[name->of.name].module,
                        names[name->of.name].name, arguments.of.list.count);
    switch (names[name->of.name].call) {
    case CALL_DICT:
        return call_dict(machine, &arguments);
    case CALL_TENSOR:
        return call_tensor(machine, &arguments);
    case CALL_SIZE: /* a tuple of a tuple is that tuple */
        result = argument(machine, &arguments, 0, SOL_PICKLE_TUPLE, &given);
        break;
    default: /* a parameter is a tensor */
        result = argument(machine, &arguments, 0, SOL_PICKLE_TENSOR, &given);
        break;
    }
    return result == SOL_OK ? push_number(&machine->stack, given) : result;
}

static int push_name(Machine *machine, const char *module, size_t module_length, const char *name, size_t length)
{
    for (int i = 0; i < NAMES; i++)
        if (strlen(names[i].module) == module_length && memcmp(names[i].module, module, module_length) == 0 &&
            strlen(names[i].name) == length && memcmp(names[i].name, name, length) == 0)
            return push(machine, (SolPickleValue){.kind = SOL_PICKLE_NAME, .of.name = i});
    return sol_fail(SOL_ERR_FORMAT,
                    "%.*s.%.*s is refused: only tensors in dictionaries are read; save the network's state_dict() "
                    "alone",
                    (int)(module_length < 80 ? module_length : 80), module, (int)(length < 80 ? length : 80), name);
}

/* GLOBAL: two lines with the module and the name. */
static int read_name(Machine *machine)
{
    const unsigned char *lines[3] = {machine->at};
    for (int i = 0; i < 2; i++) {
        const unsigned char *line = lines[i];
        const unsigned char *newline = memchr(line, '\n', (size_t)(machine->end - line));
        if (!newline)
            return cut_short();
        lines[i + 1] = newline + 1;
    }
    machine->at = lines[2];
    return push_name(machine, (const char *)lines[0], (size_t)(lines[1] - lines[0] - 1), (const char *)lines[1],
                     (size_t)(lines[2] - lines[1] - 1));
}

/* STACK_GLOBAL: the module and the name as texts on the stack. */
static int pop_name(Machine *machine)
{
    uint32_t module = 0, name = 0;
    int result = pop(machine, &name);
    const SolPickleValue *a, *b;
    if (result == SOL_OK)
        result = pop(machine, &module);
    if (result != SOL_OK)
        return result;
    a = value_of(machine, module);
    b = value_of(machine, name);
    if (a->kind != SOL_PICKLE_TEXT || b->kind != SOL_PICKLE_TEXT)
        return sol_fail(SOL_ERR_FORMAT, "a name that is no text");
    return push_name(machine, a->of.text.bytes, a->of.text.length, b->of.text.bytes, b->of.text.length);
}

/* BINPERSID: ('storage', type, key, place, count[, None]) stands for a storage. */
static int make_storage(Machine *machine)
{
    enum { TYPE = 1, KEY = 2, COUNT = 4, VIEW = 5 };
    SolPickleValue storage = {.kind = SOL_PICKLE_STORAGE};
    const SolPickleValue *tuple, *parts[VIEW + 1] = {NULL};
    uint32_t number = 0;
    size_t count;
    int result = pop(machine, &number);
    if (result != SOL_OK)
        return result;
    tuple = value_of(machine, number);
    count = tuple->kind == SOL_PICKLE_TUPLE ? tuple->of.list.count : 0;
    for (size_t i = 0; i < count && i <= VIEW; i++)
        parts[i] = value_of(machine, tuple->of.list.items[i]);
    if (count < VIEW || count > VIEW + 1 || parts[0]->kind != SOL_PICKLE_TEXT || parts[0]->of.text.length != 7 ||
        memcmp(parts[0]->of.text.bytes, "storage", 7) != 0 || parts[TYPE]->kind != SOL_PICKLE_NAME ||
        !names[parts[TYPE]->of.name].storage || parts[KEY]->kind != SOL_PICKLE_TEXT ||
        parts[COUNT]->kind != SOL_PICKLE_INT || parts[COUNT]->of.integer < 0)
        return sol_fail(SOL_ERR_FORMAT, "a storage is described in a way that is not known");
    if (parts[VIEW] && parts[VIEW]->kind != SOL_PICKLE_NONE)
        return sol_fail(SOL_ERR_FORMAT, "a storage that is a part of another one is not understood");
    storage.of.storage.key = tuple->of.list.items[KEY];
    storage.of.storage.dtype = (uint32_t)names[parts[TYPE]->of.name].dtype;
    storage.of.storage.count = parts[COUNT]->of.integer;
    return push(machine, storage);
}

/* BUILD: what a dictionary has besides its items, _metadata for one, is dropped. */
static int drop_state(Machine *machine)
{
    SolPickleValue *below;
    uint32_t state;
    int result = pop(machine, &state);
    return result == SOL_OK ? peek(machine, SOL_PICKLE_DICT, &below) : result;
}

/* ---- instructions ---- */

static int read_text(Machine *machine, size_t length_bytes)
{
    SolPickleValue text = {.kind = SOL_PICKLE_TEXT};
    uint64_t length = 0;
    int result = take_count(machine, length_bytes, &length);
    if (result != SOL_OK)
        return result;
    if (length > (uint64_t)(machine->end - machine->at))
        return cut_short();
    text.of.text.length = (size_t)length;
    text.of.text.bytes = (const char *)take(machine, (size_t)length);
    return push(machine, text);
}

static int read_integer(Machine *machine, size_t bytes, bool is_signed)
{
    uint64_t number = 0;
    int result = take_count(machine, bytes, &number);
    if (result != SOL_OK)
        return result;
    if (is_signed && bytes > 0 && bytes < 8 && number >> (8 * bytes - 1)) /* continue the sign */
        number |= ~UINT64_C(0) << (8 * bytes);
    return push_integer(machine, SOL_PICKLE_INT, (int64_t)number);
}

static int read_long(Machine *machine)
{
    uint64_t bytes = 0;
    int result = take_count(machine, 1, &bytes);
    if (result != SOL_OK)
        return result;
    return bytes <= 8 ? read_integer(machine, (size_t)bytes, true)
                      : sol_fail(SOL_ERR_FORMAT, "an integer of %llu bytes is refused", (unsigned long long)bytes);
}

static int skip_number(Machine *machine)
{
    if (!take(machine, 8))
        return cut_short();
    return push_kind(machine, SOL_PICKLE_FLOAT);
}

static int fetch(Machine *machine, size_t bytes)
{
    uint64_t place = 0;
    int result = take_count(machine, bytes, &place);
    if (result != SOL_OK)
        return result;
    if (place >= machine->memo.count)
        return sol_fail(SOL_ERR_FORMAT, "value %llu is fetched before it is kept", (unsigned long long)place);
    return push_number(&machine->stack, machine->memo.items[place]);
}

/* Keeps the topmost value; places are taken one by one, as Python does, or again. */
static int keep(Machine *machine, size_t bytes)
{
    uint64_t place = machine->memo.count;
    const Numbers *stack = &machine->stack;
    int result = bytes > 0 ? take_count(machine, bytes, &place) : SOL_OK;
    if (result != SOL_OK)
        return result;
    if (place > machine->memo.count)
        return sol_fail(SOL_ERR_FORMAT, "value %llu is kept before those in front of it", (unsigned long long)place);
    if (stack->count == 0 || stack->items[stack->count - 1] == MARK)
        return sol_fail(SOL_ERR_FORMAT, "an instruction finds too few values");
    if (place == machine->memo.count)
        return push_number(&machine->memo, stack->items[stack->count - 1]);
    machine->memo.items[place] = stack->items[stack->count - 1];
    return SOL_OK;
}

static int check_protocol(Machine *machine)
{
    const unsigned char *version = take(machine, 1);
    if (!version)
        return cut_short();
    return *version >= 2 && *version <= 5 ? SOL_OK
                                          : sol_fail(SOL_ERR_FORMAT, "protocol %d: 2 to 5 are understood", *version);
}

static int do_instruction(Machine *machine, unsigned char code)
{
    switch (code) {
    case 0x80: return check_protocol(machine);                          /* PROTO */
    case 0x95: return take(machine, 8) ? SOL_OK : cut_short();          /* FRAME */
    case '(': return push_number(&machine->stack, MARK);                /* MARK */
    case 'N': return push_kind(machine, SOL_PICKLE_NONE);               /* NONE */
    case 0x88: return push_integer(machine, SOL_PICKLE_BOOL, 1);        /* NEWTRUE */
    case 0x89: return push_integer(machine, SOL_PICKLE_BOOL, 0);        /* NEWFALSE */
    case 'J': return read_integer(machine, 4, true);                    /* BININT */
    case 'K': return read_integer(machine, 1, false);                   /* BININT1 */
    case 'M': return read_integer(machine, 2, false);                   /* BININT2 */
    case 0x8a: return read_long(machine);                               /* LONG1 */
    case 'G': return skip_number(machine);                              /* BINFLOAT */
    case 'X': return read_text(machine, 4);                             /* BINUNICODE */
    case 0x8c: return read_text(machine, 1);                            /* SHORT_BINUNICODE */
    case 'T': return read_text(machine, 4);                             /* BINSTRING, of Python 2 */
    case 'U': return read_text(machine, 1);                             /* SHORT_BINSTRING */
    case ')': return make_tuple(machine, 0);                            /* EMPTY_TUPLE */
    case 0x85: return make_tuple(machine, 1);                           /* TUPLE1 */
    case 0x86: return make_tuple(machine, 2);                           /* TUPLE2 */
    case 0x87: return make_tuple(machine, 3);                           /* TUPLE3 */
    case 't': return make_marked_tuple(machine);                        /* TUPLE */
    case ']': return push_kind(machine, SOL_PICKLE_LIST);               /* EMPTY_LIST */
    case 'a': return add_items(machine, SOL_PICKLE_LIST, false);        /* APPEND */
    case 'e': return add_items(machine, SOL_PICKLE_LIST, true);         /* APPENDS */
    case '}': return push_kind(machine, SOL_PICKLE_DICT);               /* EMPTY_DICT */
    case 's': return add_items(machine, SOL_PICKLE_DICT, false);        /* SETITEM */
    case 'u': return add_items(machine, SOL_PICKLE_DICT, true);         /* SETITEMS */
    case 'h': return fetch(machine, 1);                                 /* BINGET */
    case 'j': return fetch(machine, 4);                                 /* LONG_BINGET */
    case 'q': return keep(machine, 1);                                  /* BINPUT */
    case 'r': return keep(machine, 4);                                  /* LONG_BINPUT */
    case 0x94: return keep(machine, 0);                                 /* MEMOIZE */
    case 'c': return read_name(machine);                                /* GLOBAL */
    case 0x93: return pop_name(machine);                                /* STACK_GLOBAL */
    case 'R': return call(machine);                                     /* REDUCE */
    case 'b': return drop_state(machine);                               /* BUILD */
    case 'Q': return make_storage(machine);                             /* BINPERSID */
    default: return refuse_instruction(code);
    }
}

static int run(Machine *machine)
{
    for (;;) {
        const unsigned char *code = take(machine, 1);
        int result = !code ? cut_short() : *code == '.' ? pop(machine, &machine->pickle->root)
                                                        : do_instruction(machine, *code);
        if (result == SOL_OK && *code == '.') /* STOP */
            return SOL_OK;
        if (result != SOL_OK)
            return result == SOL_ERR_NOMEM ? result
                                           : sol_fail_within(result, "the pickle, at byte %zu",
                                                             (size_t)((code ? code : machine->at) - machine->start));
    }
}

int sol_pickle_read(SolPickle **out, const unsigned char *bytes, size_t size, size_t *used)
{
    Machine machine = {.start = bytes, .at = bytes, .end = bytes + size};
    int result;
    machine.pickle = sol_calloc(1, sizeof *machine.pickle);
    if (!machine.pickle)
        return sol_fail_memory("a pickle");
    result = run(&machine);
    free(machine.stack.items);
    free(machine.memo.items);
    if (result != SOL_OK) {
        sol_pickle_close(&machine.pickle);
        return result;
    }
    *used = (size_t)(machine.at - bytes);
    *out = machine.pickle;
    return SOL_OK;
}

uint32_t sol_pickle_root(const SolPickle *pickle)
{
    return pickle->root;
}

const SolPickleValue *sol_pickle_value(const SolPickle *pickle, uint32_t number)
{
    return &pickle->values[number];
}

uint32_t sol_pickle_count(const SolPickle *pickle)
{
    return (uint32_t)pickle->count;
}

const SolPickleValue *sol_pickle_get(const SolPickle *pickle, const SolPickleValue *dict, const char *key)
{
    for (size_t i = 0; dict->kind == SOL_PICKLE_DICT && i + 1 < dict->of.list.count; i += 2) {
        const SolPickleValue *name = sol_pickle_value(pickle, dict->of.list.items[i]);
        if (name->kind == SOL_PICKLE_TEXT && name->of.text.length == strlen(key) &&
            memcmp(name->of.text.bytes, key, strlen(key)) == 0)
            return sol_pickle_value(pickle, dict->of.list.items[i + 1]);
    }
    return NULL;
}

char *sol_pickle_copy(const SolPickleValue *text)
{
    if (memchr(text->of.text.bytes, '\0', text->of.text.length))
        return NULL;
    return strndup(text->of.text.bytes, text->of.text.length);
}

void sol_pickle_close(SolPickle **out)
{
    SolPickle *pickle = *out;
    if (!pickle)
        return;
    for (size_t i = 0; i < pickle->count; i++) {
        SolPickleKind kind = pickle->values[i].kind;
        if (kind == SOL_PICKLE_TUPLE || kind == SOL_PICKLE_LIST || kind == SOL_PICKLE_DICT)
            free(pickle->values[i].of.list.items);
    }
    free(pickle->values);
    sol_free(pickle);
    *out = NULL;
}
