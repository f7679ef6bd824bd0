        MODULE  ?cstartup
        SECTION .intvec:CODE:NOROOT(2)
        PUBLIC  __vector_table
        DATA
__vector_table
        DCD     sfe(CSTACK)
        DCD     Reset_Handler
        THUMB
        PUBWEAK Reset_Handler
        SECTION .text:CODE:REORDER:NOROOT(2)
Reset_Handler
        B       Reset_Handler
        END
