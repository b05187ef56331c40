/* The numbers on the wire: versions, request types, statuses. docs/protocol.md says what each request carries. */
#ifndef BOARDPROOF_LINK_PROTOCOL_H
#define BOARDPROOF_LINK_PROTOCOL_H

enum { LINK_VERSION_MIN = 1, LINK_VERSION_MAX = 1 };

/* How many unanswered INPUT frames the host may send ahead of the next request. */
#ifndef LINK_WINDOW
#define LINK_WINDOW 32
#endif

enum link_request_type {
    LINK_HELLO = 1,       /* starts a session, negotiates the version; the only request without one */
    LINK_PREPARE = 2,     /* model_init */
    LINK_TENSOR = 3,      /* dtype, shape, scale, zero point of a tensor */
    LINK_OPERATORS = 4,   /* graph indices of the operators that run */
    LINK_INPUT = 5,       /* bytes for an input tensor; answered only when refused */
    LINK_CHECKSUM = 6,    /* CRC-32 of a tensor's bytes */
    LINK_INVOKE = 7,      /* inputs checked against a CRC, inference, ticks, outputs */
    LINK_READ = 8,        /* bytes of a tensor */
    LINK_OP_TICKS = 9,    /* ticks of each operator in the last inference */
    LINK_MARKS = 10,      /* arena and stack high-water marks */
    LINK_LAST_ERROR = 11, /* the model's last error, and the reason for the last reset */

    /* Of firmware with an application; the others answer them as unknown. */
    LINK_APP_ABOUT = 16,   /* its digest, name, version, and what a sample is */
    LINK_APP_CONTROL = 17, /* begins anew; who plays the sensor */
    LINK_APP_PUSH = 18,    /* samples with their position */
    LINK_APP_STEP = 19,    /* one hop, and what came of it */
    LINK_APP_DRAIN = 20,   /* samples out of the ring */
    LINK_APP_STATUS = 21   /* how full the ring is, and what went wrong with the stream */
};

/* First field of every reply. */
enum link_status {
    LINK_OK = 0,
    LINK_STATUS_UNKNOWN = -1,   /* no such request */
    LINK_STATUS_LENGTH = -2,    /* the payload is too short or too long for its request */
    LINK_STATUS_RANGE = -3,     /* no such tensor or operator, or bytes beyond its end */
    LINK_STATUS_VERSION = -4,   /* no common version; a = lowest, b = highest the device speaks */
    LINK_STATUS_INPUT = -5,     /* the inputs are not those meant; a = their CRC here */
    LINK_STATUS_MODEL = -6,     /* the model failed: a = model_error, b = arena bytes needed, text = its message */
    LINK_STATUS_NO_MEMORY = -7, /* the tensor has no memory of its own (fused away) */
    LINK_STATUS_STATE = -8      /* PREPARE has not succeeded yet */
};

enum link_nak_reason {
    LINK_NAK_DAMAGED = 1,  /* a frame arrived that does not decode */
    LINK_NAK_SEQUENCE = 2, /* an earlier request is missing */
    LINK_NAK_SESSION = 3   /* the device knows no such session: it was reset, or another host spoke to it */
};

enum link_tensor_kind { LINK_TENSOR_INPUT = 0, LINK_TENSOR_OUTPUT = 1, LINK_TENSOR_OP_OUTPUT = 2 };

/* Flags of INVOKE: what its reply carries when it fits. */
enum link_invoke_flags { LINK_WITH_OUTPUTS = 1, LINK_WITH_OP_TICKS = 2 };

/* The operator count of INVOKE that means a whole inference. */
enum { LINK_ALL_OPERATORS = 0xffff };

/* Flags of APP_CONTROL: the host takes the steps, or the samples out; the board's own sensor goes on. Without the
 * first, the application runs by itself; with the first alone, the host plays the sensor, too. Flags of APP_PUSH: what
 * there is no room for is lost. */
enum link_app_flags { LINK_APP_DRIVEN = 1, LINK_APP_SENSED = 2, LINK_APP_LOSSY = 1 };

/* Flags of MARKS: repaint the stack after reading its mark. */
enum link_marks_flags { LINK_REPAINT = 1 };

#endif
