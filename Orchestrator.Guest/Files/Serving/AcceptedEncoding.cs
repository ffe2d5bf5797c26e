using Microsoft.Net.Http.Headers;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>Which forms of an answer its caller takes.</summary>
/// <param name="Gzip">Whether it takes gzip, having said so.</param>
/// <param name="Identity">Whether it takes the bytes as they are.</param>
internal readonly record struct AcceptedEncoding(bool Gzip, bool Identity)
{
    public static AcceptedEncoding Of(IHeaderDictionary headers)
    {
        if (!StringWithQualityHeaderValue.TryParseList(headers.AcceptEncoding, out var accepted))
        {
            return new AcceptedEncoding(false, true);
        }

        double? gzip = null, identity = null, any = null;
        foreach (var encoding in accepted)
        {
            var quality = encoding.Quality ?? 1;
            if (encoding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase))
            {
                gzip = quality;
            }
            else if (encoding.Value.Equals("identity", StringComparison.OrdinalIgnoreCase))
            {
                identity = quality;
            }
            else if (encoding.Value == "*")
            {
                any = quality;
            }
        }

        return new AcceptedEncoding((gzip ?? any ?? 0) > 0, (identity ?? any ?? 1) > 0);
    }
}
