namespace Orchestrator.Guest.Protocol;

/// <summary>The content of a frame; the value is the frame's first byte, an ASCII letter.</summary>
public enum FrameType
{
    /// <summary>To the supervisor, once, first: the <see cref="CommandRequest"/> as JSON; to the agent, an
    /// <see cref="AgentRequest"/>.</summary>
    Request = 'R',

    /// <summary>To the supervisor: bytes for the command's standard input.</summary>
    Input = 'I',

    /// <summary>To the supervisor: the command's standard input ends here. No payload.</summary>
    InputEnd = 'E',

    /// <summary>To the agent: a <see cref="ProcessControl"/> as JSON.</summary>
    Control = 'C',

    /// <summary>From the agent, once, before any output: the operation has begun; JSON of its kind, for a process a
    /// <see cref="StartedProcess"/>.</summary>
    Start = 'S',

    /// <summary>From the agent: so many bytes of input were passed on or dropped; a big-endian 32-bit number. The server
    /// never has more than <see cref="Frame.InputWindow"/> bytes on their way, so that a control frame never waits
    /// behind input that nobody reads.</summary>
    Taken = 'T',

    /// <summary>From the supervisor: bytes of the command's standard output.</summary>
    Output = 'O',

    /// <summary>From the supervisor: bytes of the command's standard error.</summary>
    Error = 'X',

    /// <summary>From the supervisor, once, last: the <see cref="CommandExit"/> as JSON.</summary>
    Exit = 'Q',
}
