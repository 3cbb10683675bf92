/* SPDX-License-Identifier: Apache-2.0
 *
 * The pickle machine by itself: every instruction it knows, and every way to be refused. Pickles that PyTorch wrote
 * are in test_checkpoint.c.
 */
#include "support/support.h"

#include "base/error.h"
#include "model/pickle.h"

#include <stdlib.h>
#include <string.h>

/* A pickle as a text, with its length. */
#define PICKLE(text) (const unsigned char *)(text), sizeof(text) - 1

static SolPickle *read_pickle(const unsigned char *bytes, size_t size)
{
    static unsigned char copy[8192]; /* what a pickle reads from has to stay */
    SolPickle *pickle = NULL;
    size_t used = 0;
    if (size <= sizeof copy)
        bytes = memcpy(copy, bytes, size);
    if (sol_pickle_read(&pickle, bytes, size, &used) == 0)
        assert_int_equal(used, size);
    return pickle;
}

static void assert_refused(const unsigned char *bytes, size_t size, const char *text)
{
    assert_null(read_pickle(bytes, size));
    assert_string_equal(sol_error_text(), text);
}

static int64_t integer_of(const unsigned char *bytes, size_t size)
{
    SolPickle *pickle = read_pickle(bytes, size);
    const SolPickleValue *value;
    int64_t integer;
    assert_non_null(pickle);
    value = sol_pickle_value(pickle, sol_pickle_root(pickle));
    assert_int_equal(value->kind, SOL_PICKLE_INT);
    integer = value->of.integer;
    sol_pickle_close(&pickle);
    assert_null(pickle);
    return integer;
}

static void test_integers(void **state)
{
    (void)state;
    assert_int_equal(integer_of(PICKLE("\x80\2K\xff.")), 255);
    assert_int_equal(integer_of(PICKLE("\x80\2M\xff\xff.")), 65535);
    assert_int_equal(integer_of(PICKLE("\x80\2J\xff\xff\xff\xff.")), -1);
    assert_int_equal(integer_of(PICKLE("\x80\2J\0\0\0\x80.")), INT32_MIN);
    assert_int_equal(integer_of(PICKLE("\x80\2J\xff\xff\xff\x7f.")), INT32_MAX);
    assert_int_equal(integer_of(PICKLE("\x80\2\x8a\0.")), 0);
    assert_int_equal(integer_of(PICKLE("\x80\2\x8a\1\x80.")), -128);
    assert_int_equal(integer_of(PICKLE("\x80\2\x8a\5\0\0\0\0\1.")), INT64_C(1) << 32);
    assert_int_equal(integer_of(PICKLE("\x80\2\x8a\x8\xff\xff\xff\xff\xff\xff\xff\xff.")), -1);
    assert_refused(PICKLE("\x80\2\x8a\x9\0\0\0\0\0\0\0\0\0."),
                   "the pickle, at byte 2: an integer of 9 bytes is refused");
}

/* {"a": (1, [None, True], ()), u"b": 2.0}, once through the memo. */
static void test_containers(void **state)
{
    SolPickle *pickle;
    const SolPickleValue *root, *tuple, *list;
    char *text;
    (void)state;
    pickle = read_pickle(PICKLE("\x80\2}q\0(U\1a" "K\1](N\x88" "e)\x87q\1X\1\0\0\0bG\x40\0\0\0\0\0\0\0uU\1ch\1s."));
    assert_non_null(pickle);
    root = sol_pickle_value(pickle, sol_pickle_root(pickle));
    assert_int_equal(root->kind, SOL_PICKLE_DICT);
    assert_int_equal(root->of.list.count, 6);
    tuple = sol_pickle_get(pickle, root, "a");
    assert_non_null(tuple);
    assert_int_equal(tuple->kind, SOL_PICKLE_TUPLE);
    assert_int_equal(tuple->of.list.count, 3);
    assert_int_equal(sol_pickle_value(pickle, tuple->of.list.items[0])->of.integer, 1);
    list = sol_pickle_value(pickle, tuple->of.list.items[1]);
    assert_int_equal(list->kind, SOL_PICKLE_LIST);
    assert_int_equal(list->of.list.count, 2);
    assert_int_equal(sol_pickle_value(pickle, list->of.list.items[0])->kind, SOL_PICKLE_NONE);
    assert_int_equal(sol_pickle_value(pickle, list->of.list.items[1])->kind, SOL_PICKLE_BOOL);
    assert_int_equal(sol_pickle_value(pickle, list->of.list.items[1])->of.integer, 1);
    assert_int_equal(sol_pickle_value(pickle, tuple->of.list.items[2])->of.list.count, 0);
    assert_int_equal(sol_pickle_get(pickle, root, "b")->kind, SOL_PICKLE_FLOAT);
    assert_ptr_equal(sol_pickle_get(pickle, root, "c"), tuple);
    assert_null(sol_pickle_get(pickle, root, "d"));
    assert_null(sol_pickle_get(pickle, tuple, "a"));
    sol_pickle_close(&pickle);
    /* texts live in the pickle's bytes */
    {
        size_t used;
        assert_int_equal(sol_pickle_read(&pickle, PICKLE("\x80\2U\3abc."), &used), 0);
        text = sol_pickle_copy(sol_pickle_value(pickle, sol_pickle_root(pickle)));
        assert_string_equal(text, "abc");
        free(text);
        sol_pickle_close(&pickle);
        assert_int_equal(sol_pickle_read(&pickle, PICKLE("\x80\2U\3a\0c."), &used), 0);
        assert_null(sol_pickle_copy(sol_pickle_value(pickle, sol_pickle_root(pickle))));
        sol_pickle_close(&pickle);
    }
}

static void test_the_rest_is_left(void **state)
{
    SolPickle *pickle = NULL;
    size_t used = 0;
    (void)state;
    assert_int_equal(sol_pickle_read(&pickle, PICKLE("\x80\2K\1.K\2."), &used), 0);
    assert_int_equal(used, 5);
    sol_pickle_close(&pickle);
}

/* OrderedDict() and OrderedDict([["a", 1]]), as Python 3 and Python 2 write them, with a state that is dropped. */
static void test_ordered_dicts(void **state)
{
    static const char empty[] = "\x80\2ccollections\nOrderedDict\n)RU\1aK\1s}U\1bK\2sb.";
    static const char pairs[] = "\x80\2ccollections\nOrderedDict\n](](U\1aK\1e](U\1bK\2ee\x85R.";
    SolPickle *pickle = read_pickle(PICKLE(empty));
    const SolPickleValue *root;
    (void)state;
    assert_non_null(pickle);
    root = sol_pickle_value(pickle, sol_pickle_root(pickle));
    assert_int_equal(root->of.list.count, 2);
    assert_int_equal(sol_pickle_get(pickle, root, "a")->of.integer, 1);
    sol_pickle_close(&pickle);
    pickle = read_pickle(PICKLE(pairs));
    assert_non_null(pickle);
    root = sol_pickle_value(pickle, sol_pickle_root(pickle));
    assert_int_equal(root->of.list.count, 4);
    assert_int_equal(sol_pickle_get(pickle, root, "b")->of.integer, 2);
    sol_pickle_close(&pickle);
}

#define STORAGE "(U\7storagectorch\nFloatStorage\nU\1kU\3cpuK\6tQ"
#define REBUILD "ctorch._utils\n_rebuild_tensor_v2\n"

static void test_tensors(void **state)
{
    SolPickle *pickle = read_pickle(PICKLE("\x80\2" REBUILD "(" STORAGE "K\1K\2K\1\x86K\2K\1\x86\x89}tR."));
    const SolPickleValue *tensor, *storage;
    (void)state;
    assert_non_null(pickle);
    tensor = sol_pickle_value(pickle, sol_pickle_root(pickle));
    assert_int_equal(tensor->kind, SOL_PICKLE_TENSOR);
    assert_int_equal(tensor->of.tensor.offset, 1);
    assert_int_equal(sol_pickle_value(pickle, tensor->of.tensor.size)->of.list.count, 2);
    storage = sol_pickle_value(pickle, tensor->of.tensor.storage);
    assert_int_equal(storage->kind, SOL_PICKLE_STORAGE);
    assert_int_equal(storage->of.storage.dtype, SOL_F32);
    assert_int_equal(storage->of.storage.count, 6);
    sol_pickle_close(&pickle);
    /* before PyTorch 0.4, and as a parameter */
    pickle = read_pickle(PICKLE("\x80\2" "ctorch._utils\n_rebuild_parameter\n(ctorch._utils\n_rebuild_tensor\n(" STORAGE
                                "K\0K\2\x85K\1\x85tR\x88}tR."));
    assert_non_null(pickle);
    assert_int_equal(sol_pickle_value(pickle, sol_pickle_root(pickle))->kind, SOL_PICKLE_TENSOR);
    sol_pickle_close(&pickle);
    pickle = read_pickle(PICKLE("\x80\2" "ctorch\nSize\nK\2K\3\x86\x85R."));
    assert_non_null(pickle);
    assert_int_equal(sol_pickle_value(pickle, sol_pickle_root(pickle))->of.list.count, 2);
    sol_pickle_close(&pickle);
}

static void test_refused_names(void **state)
{
    static const struct {
        const char *module, *name;
    } cases[] = {{"os", "system"},          {"posix", "system"},   {"builtins", "eval"}, {"__builtin__", "getattr"},
                 {"torch._utils", "eval"},  {"torch", "load"},     {"collections", "Counter"},
                 {"torch", "FloatStorage2"}, {"", ""}};
    char bytes[256], text[256];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int size = snprintf(bytes, sizeof bytes, "\x80\2c%s\n%s\n(U\2lstR.", cases[i].module, cases[i].name);
        snprintf(text, sizeof text, "the pickle, at byte 2: %s.%s is refused: only tensors in dictionaries are read; "
                                    "save the network's state_dict() alone", cases[i].module, cases[i].name);
        assert_refused((unsigned char *)bytes, (size_t)size, text);
        /* the same by two texts on the stack */
        size = snprintf(bytes, sizeof bytes, "\x80\4\x8c%c%s\x8c%c%s\x93)R.", (int)strlen(cases[i].module),
                        cases[i].module, (int)strlen(cases[i].name), cases[i].name);
        if (*cases[i].module) {
            assert_null(read_pickle((unsigned char *)bytes, (size_t)size));
            assert_contains(sol_error_text(), " is refused: only tensors");
        }
    }
}

static void test_refused_instructions(void **state)
{
    static const struct {
        unsigned char code;
        const char *name;
    } cases[] = {{'i', "INST"},    {'o', "OBJ"},       {0x81, "NEWOBJ"}, {0x92, "NEWOBJ_EX"}, {0x82, "EXT1"},
                 {'I', "INT"},     {'V', "UNICODE"},   {'d', "DICT"},    {'2', "DUP"},        {'0', "POP"},
                 {'S', "STRING"},  {0x8b, "LONG4"},    {'g', "GET"},     {0x8f, "EMPTY_SET"}, {'1', "POP_MARK"},
                 {'P', "PERSID"},  {'B', "BINBYTES"}};
    int known = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[] = {0x80, 2, cases[i].code, '.'};
        char text[128];
        snprintf(text, sizeof text, "the pickle, at byte 2: the instruction %s, which no tensor takes, is refused",
                 cases[i].name);
        assert_refused(bytes, sizeof bytes, text);
    }
    /* of all 256 codes, none is met with silence */
    for (int code = 0; code < 256; code++) {
        unsigned char bytes[] = {0x80, 2, (unsigned char)code};
        assert_null(read_pickle(bytes, sizeof bytes));
        known += !strstr(sol_error_text(), "refused") && !strstr(sol_error_text(), "there is no instruction");
    }
    assert_int_equal(known, 37);
    assert_refused(PICKLE("\x80\2\xff."), "the pickle, at byte 2: there is no instruction 0xff");
    assert_refused(PICKLE("\x80\1."), "the pickle, at byte 0: protocol 1: 2 to 5 are understood");
}

static void test_broken_programs(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
#define BROKEN(bytes, text) {bytes, sizeof(bytes) - 1, text}
        BROKEN("", "the pickle, at byte 0: it is cut short"),
        BROKEN("\x80", "the pickle, at byte 0: it is cut short"),
        BROKEN("\x80\2", "the pickle, at byte 2: it is cut short"),
        BROKEN("\x80\2.", "the pickle, at byte 2: an instruction finds too few values"),
        BROKEN("\x80\2(.", "the pickle, at byte 3: an instruction finds too few values"),
        BROKEN("\x80\2X\xff\xff\xff\xff" "abc", "the pickle, at byte 2: it is cut short"),
        BROKEN("\x80\2h\0.", "the pickle, at byte 2: value 0 is fetched before it is kept"),
        BROKEN("\x80\2Nr\xff\xff\xff\xff.",
               "the pickle, at byte 3: value 4294967295 is kept before those in front of it"),
        BROKEN("\x80\2q\0.", "the pickle, at byte 2: an instruction finds too few values"),
        BROKEN("\x80\2(q\0.", "the pickle, at byte 3: an instruction finds too few values"),
        BROKEN("\x80\2\x85.", "the pickle, at byte 2: an instruction finds too few values"),
        BROKEN("\x80\2N(N\x87.", "the pickle, at byte 5: an instruction finds too few values"),
        BROKEN("\x80\2NNt.", "the pickle, at byte 4: an instruction finds no mark"),
        BROKEN("\x80\2](Ns.", "the pickle, at byte 5: an instruction finds too few values"),
        BROKEN("\x80\2NNa.", "the pickle, at byte 4: an instruction finds a value of another kind"),
        BROKEN("\x80\2]NNs.", "the pickle, at byte 5: an instruction finds a value of another kind"),
        BROKEN("\x80\2}(Nu.", "the pickle, at byte 5: a key without a value"),
        BROKEN("\x80\2(e.", "the pickle, at byte 3: an instruction finds too few values"),
        BROKEN("\x80\2N)R.", "the pickle, at byte 4: something is called that is no function"),
        BROKEN("\x80\2" "ctorch\nFloatStorage\n)R.",
               "the pickle, at byte 23: a call of torch.FloatStorage with 0 arguments is refused"),
        BROKEN("\x80\2" REBUILD ")R.",
               "the pickle, at byte 36: a call of torch._utils._rebuild_tensor_v2 with 0 arguments is refused"),
        BROKEN("\x80\2" REBUILD "(NNNNNNtR.",
               "the pickle, at byte 43: a tensor is described in a way that is not known"),
        BROKEN("\x80\2" REBUILD "(" STORAGE "K\0K\2\x85)\x89}tR.",
               "the pickle, at byte 87: a tensor is described in a way that is not known"),
        BROKEN("\x80\2" REBUILD "(" STORAGE "K\0N\x85N\x85\x89}tR.",
               "the pickle, at byte 87: a tensor is described in a way that is not known"),
        BROKEN("\x80\2NQ.", "the pickle, at byte 3: a storage is described in a way that is not known"),
        BROKEN("\x80\2(U\7storageNU\1kU\3cpuK\6tQ.",
               "the pickle, at byte 24: a storage is described in a way that is not known"),
        BROKEN("\x80\2(U\7storagectorch\nFloatStorage\nU\1kU\3cpuJ\xff\xff\xff\xfftQ.",
               "the pickle, at byte 46: a storage is described in a way that is not known"),
        BROKEN("\x80\2(U\7storagectorch\nFloatStorage\nU\1kU\3cpuK\6)tQ.",
               "the pickle, at byte 44: a storage that is a part of another one is not understood"),
        BROKEN("\x80\2" "ccollections\nOrderedDict\nN\x85R.",
               "the pickle, at byte 29: a dictionary of something else than pairs"),
        BROKEN("\x80\2" "ccollections\nOrderedDict\n]Na\x85R.",
               "the pickle, at byte 31: a dictionary of something else than pairs"),
        BROKEN("\x80\2]}b.", "the pickle, at byte 4: an instruction finds a value of another kind"),
        BROKEN("\x80\2" "cos", "the pickle, at byte 2: it is cut short"),
        BROKEN("\x80\2NN\x93.", "the pickle, at byte 4: a name that is no text"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused((const unsigned char *)cases[i].bytes, cases[i].size, cases[i].text);
}

/* A list that holds itself, and a dictionary under its own key. */
static void test_circles(void **state)
{
    SolPickle *pickle = read_pickle(PICKLE("\x80\2]q\0h\0a."));
    const SolPickleValue *root;
    (void)state;
    assert_non_null(pickle);
    root = sol_pickle_value(pickle, sol_pickle_root(pickle));
    assert_int_equal(root->of.list.items[0], sol_pickle_root(pickle));
    sol_pickle_close(&pickle);
    pickle = read_pickle(PICKLE("\x80\2}q\0h\0h\0s."));
    assert_non_null(pickle);
    assert_null(sol_pickle_get(pickle, sol_pickle_value(pickle, sol_pickle_root(pickle)), "a"));
    sol_pickle_close(&pickle);
}

/* A long list of pairs that is copied again and again: five bytes a copy. */
static void test_copies_are_bounded(void **state)
{
    enum { PAIRS = 1000, COPIES = 1000 };
    static const char head[] = "\x80\2ccollections\nOrderedDict\nq\0](";
    unsigned char *bytes = malloc(sizeof head + 4 * PAIRS + 5 * COPIES + 16), *at = bytes;
    (void)state;
    assert_non_null(bytes);
    at = (unsigned char *)memcpy(at, head, sizeof head - 1) + sizeof head - 1;
    for (int i = 0; i < PAIRS; i++)
        at = (unsigned char *)memcpy(at, "NN\x86", 3) + 3;
    at = (unsigned char *)memcpy(at, "e\x85q\1", 4) + 4;
    for (int i = 0; i < COPIES; i++)
        at = (unsigned char *)memcpy(at, "h\0h\1R", 5) + 5;
    *at++ = '.';
    assert_null(read_pickle(bytes, (size_t)(at - bytes)));
    assert_contains(sol_error_text(), "its lists are longer than the pickle itself");
    free(bytes);
}

static void test_too_many_values(void **state)
{
    enum { COUNT = (1 << 20) + 1 };
    unsigned char *bytes = malloc(COUNT + 2);
    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'N', COUNT + 2);
    bytes[0] = 0x80;
    bytes[1] = 2;
    assert_null(read_pickle(bytes, COUNT + 2));
    assert_contains(sol_error_text(), "it has more than 1048576 values");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_containers),
        cmocka_unit_test(test_the_rest_is_left),
        cmocka_unit_test(test_ordered_dicts),
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_refused_names),
        cmocka_unit_test(test_refused_instructions),
        cmocka_unit_test(test_broken_programs),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_copies_are_bounded),
        cmocka_unit_test(test_too_many_values),
    };
    return cmocka_run_group_tests_name("model/pickle", tests, NULL, NULL);
}
