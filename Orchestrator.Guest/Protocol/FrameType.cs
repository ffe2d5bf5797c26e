namespace Orchestrator.Guest.Protocol;

/// <summary>The content of a frame; the value is the frame's first byte, an ASCII letter.</summary>
public enum FrameType
{
    /// <summary>To the supervisor, once, first: the <see cref="CommandRequest"/> as JSON.</summary>
    Request = 'R',

    /// <summary>To the supervisor: bytes for the command's standard input.</summary>
    Input = 'I',

    /// <summary>To the supervisor: the command's standard input ends here. No payload.</summary>
    InputEnd = 'E',

    /// <summary>From the supervisor: bytes of the command's standard output.</summary>
    Output = 'O',

    /// <summary>From the supervisor: bytes of the command's standard error.</summary>
    Error = 'X',

    /// <summary>From the supervisor, once, last: the <see cref="CommandExit"/> as JSON.</summary>
    Exit = 'Q',
}
