// What is counted for `cnl_calls_made`. One thread talks to the kernel.
#include "CNetlink.h"

extern struct cnl_calls cnl_calls;
