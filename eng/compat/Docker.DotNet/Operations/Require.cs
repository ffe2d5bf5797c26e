using System.Runtime.CompilerServices;

namespace Docker.DotNet.Operations;

internal static class Require
{
    /// <exception cref="ArgumentNullException">Null or empty: upstream makes no difference.</exception>
    public static void Text(string? value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (string.IsNullOrEmpty(value))
        {
            throw new ArgumentNullException(name);
        }
    }
}
